/// From questions to a signed pack: what the command line and the console both do.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "provisioning/evidence/collect.h"
#include "provisioning/evidence/manifest.h"
#include "provisioning/evidence/terms.h"

namespace privyseal::evidence {

struct SignedPack {
  std::string host;
  DateRange range;
  WallTime made_at{};
  Bytes audit_key;  ///< SubjectPublicKeyInfo
  TokenStanding token{};
  std::size_t mails = 0;
  std::uint64_t unsigned_mails = 0;  ///< left out
  std::string content_hash;
  std::vector<std::string> missing;          ///< sentences: what could not be had
  std::vector<std::string> unsound;          ///< what must be looked into; the pack shows it itself
  std::shared_ptr<const PackFiles> files{};  ///< MANIFEST and its note as well
};

/// Errors: as collect; and what keyd says against signing.
[[nodiscard]] Result<SignedPack> make_pack(const Collecting& at, const DateRange& range,
                                           std::chrono::seconds wait, const Terms& terms,
                                           Declarations declarations);

}  // namespace privyseal::evidence
