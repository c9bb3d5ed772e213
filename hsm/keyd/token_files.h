/// The folder in which SoftHSM keeps its tokens, and two weaknesses of it that would lose keys.
///
/// SoftHSM syncs nothing: a key whose certificate was asked for could be gone after a power
/// cut (`sync_tree`). And each log-in truncates and rewrites the file without which no key of
/// the token can be read: killed in between, the token is gone (`guard_token_objects`).
///
/// Tokens of other makers keep their own promises; for them nothing here is called.
///
/// Threads: one at a time, and while nobody has the module loaded for `guard_token_objects`.
#pragma once

#include <filesystem>
#include <optional>

#include "firmware/base/result.h"

namespace privyseal::keyd {

/// `directories.tokendir` of a softhsm2.conf(5). kInvalid: it names none.
[[nodiscard]] Result<std::filesystem::path> softhsm_token_folder(const std::filesystem::path& softhsm_conf);

/// fsync for every file and folder below `folder`, and for itself.
[[nodiscard]] Result<void> sync_tree(const std::filesystem::path& folder);

/// For each token below `folder`: keeps a copy of its token.object in `copies`, or puts the
/// copy back when the file has become shorter. Call before the module is loaded.
[[nodiscard]] Result<void> guard_token_objects(const std::filesystem::path& folder,
                                               const std::filesystem::path& copies);

}  // namespace privyseal::keyd
