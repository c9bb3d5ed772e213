/// The folder in which SoftHSM keeps its tokens. SoftHSM itself syncs nothing: without
/// this, a key whose certificate was asked for could be gone after a power cut.
///
/// Tokens of other makers keep their own promises; there this does nothing.
#pragma once

#include <filesystem>
#include <optional>

#include "firmware/base/result.h"

namespace privyseal::keyd {

/// `directories.tokendir` of a softhsm2.conf(5). kInvalid: it names none.
[[nodiscard]] Result<std::filesystem::path> softhsm_token_folder(const std::filesystem::path& softhsm_conf);

/// fsync for every file and folder below `folder`, and for itself.
[[nodiscard]] Result<void> sync_tree(const std::filesystem::path& folder);

}  // namespace privyseal::keyd
