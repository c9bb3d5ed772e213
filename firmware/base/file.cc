#include "firmware/base/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "firmware/base/unique_fd.h"

namespace privyseal {
namespace {

constexpr std::size_t kMaxSecretBytes = 256;

Result<Bytes> read_all(int fd, const std::filesystem::path& file, std::size_t most_bytes) {
  struct stat facts{};
  if (::fstat(fd, &facts) != 0) return fail_errno(file.string());
  Bytes bytes(std::min(most_bytes, static_cast<std::size_t>(facts.st_size)) + 1);
  std::size_t length = 0;
  while (length <= most_bytes) {
    if (length == bytes.size()) bytes.resize(most_bytes + 1);  // it grew, or has no size: those of /proc
    const ssize_t got = ::read(fd, bytes.data() + length, bytes.size() - length);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail_errno(file.string());
    if (got == 0) break;
    length += static_cast<std::size_t>(got);
  }
  if (length > most_bytes)
    return fail(ErrorCode::kInvalid,
                file.string() + ": longer than " + std::to_string(most_bytes) + " bytes");
  bytes.resize(length);
  return bytes;
}

}  // namespace

Result<void> write_all(int fd, ByteView bytes, const std::filesystem::path& file) {
  while (!bytes.empty()) {
    const ssize_t put = ::write(fd, bytes.data(), bytes.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return fail_errno(file.string());
    bytes = bytes.subspan(static_cast<std::size_t>(put));
  }
  return {};
}

Result<void> sync_folder(const std::filesystem::path& folder) {
  const UniqueFd fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd || ::fsync(fd.get()) != 0) return fail_errno(folder.string());
  return {};
}

Result<Bytes> read_file(const std::filesystem::path& file, std::size_t most_bytes) {
  const UniqueFd fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return fail_errno(file.string());
  return read_all(fd.get(), file, most_bytes);
}

Result<Secret> read_secret_file(const std::filesystem::path& file) {
  const UniqueFd fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return fail_errno(file.string());
  struct stat status{};
  if (::fstat(fd.get(), &status) != 0) return fail_errno(file.string());
  if ((status.st_mode & 077) != 0)
    return fail(ErrorCode::kInvalid, file.string() + ": other users may read it (wanted mode 0400)");
  // One buffer of the final size, so that no copy is left behind by growing.
  std::vector<std::byte> bytes(kMaxSecretBytes);
  const ssize_t got = ::read(fd.get(), bytes.data(), bytes.size());
  if (got < 0) return fail_errno(file.string());
  const auto content = std::span(bytes).first(static_cast<std::size_t>(got));
  const auto end =
      std::ranges::find_if(content, [](std::byte b) { return b == std::byte{'\n'} || b == std::byte{'\r'}; });
  bytes.resize(static_cast<std::size_t>(end - content.begin()));
  if (bytes.empty()) return fail(ErrorCode::kInvalid, file.string() + ": is empty");
  return Secret(std::move(bytes));
}

namespace {

/// `owner` null: ours.
Result<void> replace(const std::filesystem::path& file, ByteView bytes, mode_t mode, const Owner* owner) {
  const std::filesystem::path temporary = file.string() + ".new";
  const UniqueFd fd(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, mode));
  if (!fd) return fail_errno(temporary.string());
  if (auto written = write_all(fd.get(), bytes, temporary); !written) return written;
  if (owner != nullptr && ::fchown(fd.get(), owner->user, owner->group) != 0)
    return fail_errno(temporary.string());
  if (::fchmod(fd.get(), mode) != 0 || ::fsync(fd.get()) != 0) return fail_errno(temporary.string());
  if (::rename(temporary.c_str(), file.c_str()) != 0) return fail_errno(file.string());
  return sync_folder(file.has_parent_path() ? file.parent_path() : ".");
}

}  // namespace

Result<void> replace_file(const std::filesystem::path& file, ByteView bytes, mode_t mode) {
  return replace(file, bytes, mode, nullptr);
}

Result<void> replace_file(const std::filesystem::path& file, ByteView bytes, mode_t mode,
                          const Owner& owner) {
  return replace(file, bytes, mode, &owner);
}

Result<void> move_into_place(const std::filesystem::path& from, const std::filesystem::path& to) {
  const UniqueFd fd(::open(from.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!fd || ::fsync(fd.get()) != 0) return fail_errno(from.string());
  if (::rename(from.c_str(), to.c_str()) != 0) return fail_errno(to.string());
  return sync_folder(to.has_parent_path() ? to.parent_path() : ".");
}

}  // namespace privyseal
