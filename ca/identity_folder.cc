#include "ca/identity_folder.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <charconv>
#include <string>
#include <system_error>

#include "firmware/base/file.h"
#include "firmware/base/unique_fd.h"

namespace privyseal::ca {
namespace {

constexpr mode_t kFileMode = 0644;  // others read them: gatewayd, admind
constexpr mode_t kFolderMode = 0755;
constexpr const char* kLink = "active";
constexpr const char* kNewLink = "active.new";

Result<void> sync(const std::filesystem::path& folder) {
  const UniqueFd fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd || ::fsync(fd.get()) != 0) return fail_errno(folder.string());
  return {};
}

/// With its parents, readable whatever the umask says.
Result<void> make_folder(const std::filesystem::path& folder) {
  struct stat status{};
  if (::stat(folder.c_str(), &status) == 0 && S_ISDIR(status.st_mode)) return {};
  if (auto made = make_folder(folder.parent_path()); !made) return made;
  if (::mkdir(folder.c_str(), kFolderMode) != 0) return fail_errno(folder.string());
  if (::chmod(folder.c_str(), kFolderMode) != 0) return fail_errno(folder.string());
  return sync(folder.parent_path());
}

}  // namespace

Result<void> IdentityFolder::write(std::int64_t number, std::string_view chain_pem,
                                   std::string_view key_uri) const {
  const auto folder = folder_ / std::to_string(number);
  if (auto made = make_folder(folder); !made) return made;
  if (auto written = replace_file(folder / "chain.pem", bytes_of(chain_pem), kFileMode); !written)
    return written;
  return replace_file(folder / "key.uri", bytes_of(std::string(key_uri) + "\n"), kFileMode);
}

Result<void> IdentityFolder::activate(std::int64_t number) const {
  const auto new_link = folder_ / kNewLink;
  if (::unlink(new_link.c_str()) != 0 && errno != ENOENT) return fail_errno(new_link.string());
  if (::symlink(std::to_string(number).c_str(), new_link.c_str()) != 0) return fail_errno(new_link.string());
  if (::rename(new_link.c_str(), (folder_ / kLink).c_str()) != 0) return fail_errno(new_link.string());
  return sync(folder_);
}

Result<std::optional<std::int64_t>> IdentityFolder::active() const {
  std::error_code error;
  const auto target = std::filesystem::read_symlink(folder_ / kLink, error);
  if (error == std::errc::no_such_file_or_directory) return std::nullopt;
  if (error) return fail(ErrorCode::kInvalid, (folder_ / kLink).string() + ": " + error.message());
  const std::string& text = target.native();
  std::int64_t number = 0;
  const auto [end, parsed] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (parsed != std::errc{} || end != text.data() + text.size() || number < 1)
    return fail(ErrorCode::kInvalid,
                (folder_ / kLink).string() + ": leads to " + text + ", not to a generation");
  return number;
}

std::filesystem::path IdentityFolder::chain_of(std::int64_t number) const {
  return folder_ / std::to_string(number) / "chain.pem";
}

}  // namespace privyseal::ca
