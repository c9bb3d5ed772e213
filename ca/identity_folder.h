/// An identity's certificates on the disk, for the daemons that serve them.
///
///     FOLDER/7/chain.pem   leaf first          FOLDER/7/key.uri   "keyd:cjsm-7"
///     FOLDER/active -> 7   moved with one rename(2): a reader sees the old or the new one, never a mixture
///
/// All of it is public. Every call leaves the disk in a state that it can start again from, and has
/// synced it when it returns.
///
/// Threads: one; readers elsewhere need no lock.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string_view>

#include "firmware/base/result.h"

namespace privyseal::ca {

class IdentityFolder {
 public:
  explicit IdentityFolder(std::filesystem::path folder) : folder_(std::move(folder)) {}

  /// Makes the generation's folder, or makes it again.
  [[nodiscard]] Result<void> write(std::int64_t number, std::string_view chain_pem,
                                   std::string_view key_uri) const;
  /// Moves the link. The generation's folder must be written.
  [[nodiscard]] Result<void> activate(std::int64_t number) const;
  /// None: there is no link yet. kInvalid: it is no link of ours.
  [[nodiscard]] Result<std::optional<std::int64_t>> active() const;

  [[nodiscard]] std::filesystem::path chain_of(std::int64_t number) const;

 private:
  std::filesystem::path folder_;
};

}  // namespace privyseal::ca
