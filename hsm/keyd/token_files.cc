#include "hsm/keyd/token_files.h"

#include <fcntl.h>

#include "firmware/base/file.h"
#include "firmware/base/log.h"
#include "firmware/base/unique_fd.h"
#include "firmware/base/words.h"

namespace privyseal::keyd {
namespace {

constexpr std::size_t kMaxConfBytes = 65'536;
constexpr std::size_t kMaxTokenObjectBytes = 1'048'576;  // it has some 300 bytes

Result<void> sync_one(const std::filesystem::path& path) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  // SoftHSM removes files of its own meanwhile; what is gone needs no sync.
  if (!fd && errno == ENOENT) return {};
  if (!fd || ::fsync(fd.get()) != 0) return fail_errno(path.string());
  return {};
}

/// Empty when there is no such file.
Result<Bytes> content_of(const std::filesystem::path& file) {
  auto content = read_file(file, kMaxTokenObjectBytes);
  if (!content && content.error().code == ErrorCode::kNotFound) return Bytes();
  return content;
}

Result<void> guard_one(const std::filesystem::path& object, const std::filesystem::path& copy) {
  const auto now = content_of(object);
  if (!now) return std::unexpected(now.error());
  const auto kept = content_of(copy);
  if (!kept) return std::unexpected(kept.error());
  if (now->size() < kept->size()) {
    log_event(LogLevel::kAlert, "token-object-restored",
              {{"file", object.string()}, {"bytes", now->size()}, {"kept_bytes", kept->size()}});
    return replace_file(object, *kept, 0600);
  }
  if (*now == *kept) return {};
  return replace_file(copy, *now, 0600);
}

}  // namespace

Result<std::filesystem::path> softhsm_token_folder(const std::filesystem::path& softhsm_conf) {
  const auto content = read_file(softhsm_conf, kMaxConfBytes);
  if (!content) return std::unexpected(content.error());
  std::string_view rest = text_of(*content);
  while (!rest.empty()) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    const std::size_t equals = line.find('=');
    if (equals != std::string_view::npos && trimmed(line.substr(0, equals)) == "directories.tokendir")
      return std::filesystem::path(trimmed(line.substr(equals + 1)));
  }
  return fail(ErrorCode::kInvalid, softhsm_conf.string() + ": has no directories.tokendir");
}

Result<void> sync_tree(const std::filesystem::path& folder) {
  std::error_code error;
  for (std::filesystem::recursive_directory_iterator at(folder, error), end; !error && at != end;
       at.increment(error))
    if (auto synced = sync_one(at->path()); !synced) return synced;
  if (error) return fail(ErrorCode::kUnavailable, folder.string() + ": " + error.message());
  return sync_one(folder);
}

Result<void> guard_token_objects(const std::filesystem::path& folder, const std::filesystem::path& copies) {
  std::error_code error;
  for (std::filesystem::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    if (!at->is_directory(error)) continue;
    const auto copy = copies / ("token-" + at->path().filename().string());
    if (auto guarded = guard_one(at->path() / "token.object", copy); !guarded) return guarded;
  }
  if (error) return fail(ErrorCode::kUnavailable, folder.string() + ": " + error.message());
  return {};
}

}  // namespace privyseal::keyd
