/// Whether a log is still what was written: looks at everything and names the first entry that is wrong.
///
/// Checked: seq runs from 0 without gaps and stands in each line too; each line has its leaf; the roots kept
/// each 1,000 entries, the state and every checkpoint agree with the leaves; every checkpoint is signed.
/// Whoever can write the database can write all of it anew, but for the signatures: without the audit key's
/// public part only mistakes and clumsy hands are found.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "firmware/base/bytes.h"
#include "firmware/base/database.h"
#include "firmware/base/result.h"

namespace privyseal::audit {

inline constexpr std::uint64_t kEntriesPerRoot = 1000;

struct Verdict {
  bool ok = false;
  std::uint64_t size = 0;                  ///< entries there are
  std::uint64_t checkpoint_size = 0;       ///< entries that the last sound checkpoint covers
  std::optional<std::uint64_t> first_bad;  ///< the first entry that is wrong, or the first that may be
  std::string why;                         ///< empty when ok
};

/// `public_key`: the audit key's SubjectPublicKeyInfo; empty: signatures are not checked.
/// Reads one snapshot of the database. An error: it could not be read, which says nothing about it.
[[nodiscard]] Result<Verdict> verify(Database& database, std::string_view origin, ByteView public_key);

}  // namespace privyseal::audit
