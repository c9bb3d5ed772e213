/// Whole small files: read with a limit, replaced in one step.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <filesystem>

#include "firmware/base/bytes.h"
#include "firmware/base/result.h"
#include "firmware/base/secret.h"

namespace privyseal {

/// kInvalid: longer than `most_bytes`. kNotFound, kDenied, kUnavailable: as the system says.
[[nodiscard]] Result<Bytes> read_file(const std::filesystem::path& file, std::size_t most_bytes);

/// Reads a PIN or password: the first line, without its line end. kInvalid: empty,
/// or readable by other users than its owner and group root.
[[nodiscard]] Result<Secret> read_secret_file(const std::filesystem::path& file);

/// Writes `bytes` to a temporary file beside `file`, syncs it, renames it into place and
/// syncs the folder: after a crash the old or the new content is there, never a mixture.
[[nodiscard]] Result<void> replace_file(const std::filesystem::path& file, ByteView bytes, mode_t mode);

struct Owner {
  uid_t user = 0;
  gid_t group = 0;
};
/// As above, for a file of somebody else: whose it is stays, or changes, together with its content.
[[nodiscard]] Result<void> replace_file(const std::filesystem::path& file, ByteView bytes, mode_t mode,
                                        const Owner& owner);

// The steps of that, for a file that came in parts.
/// `file` is for messages.
[[nodiscard]] Result<void> write_all(int fd, ByteView bytes, const std::filesystem::path& file);
/// Syncs `from`, renames it, and syncs the folder of `to`, which must be that of `from`.
[[nodiscard]] Result<void> move_into_place(const std::filesystem::path& from,
                                           const std::filesystem::path& to);
[[nodiscard]] Result<void> sync_folder(const std::filesystem::path& folder);

}  // namespace privyseal
