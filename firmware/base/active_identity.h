/// Who a daemon is towards others: the certificate chain and the name of its key, as renewd left them
/// (ca/identity_folder.h writes what is read here).
///
///     FOLDER/active -> 3             a symlink; activation is one rename over it
///     FOLDER/3/chain.pem             leaf first
///     FOLDER/3/key.uri               one line, "keyd:cjsm-3"
#pragma once

#include <filesystem>
#include <string>

#include "firmware/base/result.h"

namespace privyseal {

struct ActiveIdentity {
  std::filesystem::path generation;  ///< the folder that `active` names
  std::filesystem::path chain;
  std::string key_uri;
};

/// Follows `active` once, so that chain and key are of one generation.
/// kNotFound: nothing is active there. kInvalid: key.uri is no key's URI.
[[nodiscard]] Result<ActiveIdentity> read_active_identity(const std::filesystem::path& folder);

}  // namespace privyseal
