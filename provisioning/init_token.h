/// Day one of a token: made while keyd is stopped, with PINs that nobody has seen.
///
/// keyd loads the module only afterwards: SoftHSM dislikes tokens that come later, and
/// two processes that log in at once can damage its files.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <string>

#include "firmware/base/result.h"

namespace privyseal::provisioning {

/// SoftHSM's own files; other modules bring their own set-up.
struct SoftHsmFiles {
  std::filesystem::path conf;          ///< softhsm2.conf(5); written here
  std::filesystem::path token_folder;  ///< made here if it is missing
};

struct InitTokenOptions {
  std::filesystem::path module;
  std::string label;                  ///< at most 32 bytes
  std::filesystem::path pin_file;     ///< gets the user PIN, mode 0400
  std::filesystem::path so_pin_file;  ///< gets the security officer's PIN, mode 0400
  std::optional<SoftHsmFiles> softhsm;
  uid_t owner;  ///< the user that keyd runs as: it gets the PIN and SoftHSM's token files
  gid_t group;
};

/// The security officer's PIN file stays with the user who runs this: keyd never needs it.
///
/// Loads the module into this process: call it once, and do nothing else with PKCS#11.
/// kConflict: a token with the label, or one of the PIN files, exists; nothing was changed.
/// kNotFound: the module has no blank token left. kInvalid, kDenied, kUnavailable: module, files.
[[nodiscard]] Result<void> init_token(const InitTokenOptions& options);

}  // namespace privyseal::provisioning
