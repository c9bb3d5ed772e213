#include "hsm/keyd/pin_refusal.h"

#include <sys/stat.h>
#include <unistd.h>

#include <format>
#include <string>

#include "firmware/base/file.h"

namespace privyseal::keyd {
namespace {

constexpr std::size_t kMaxRecordBytes = 256;

Result<std::string> identity_of(const std::filesystem::path& file) {
  struct stat status{};
  if (::stat(file.c_str(), &status) != 0) return fail_errno(file.string());
  return std::format("inode={} mtime={}.{:09} size={}\n", status.st_ino, status.st_mtim.tv_sec,
                     status.st_mtim.tv_nsec, status.st_size);
}

}  // namespace

PinRefusal::PinRefusal(const std::filesystem::path& state_folder, std::filesystem::path pin_file)
    : record_(state_folder / "pin-refused"), pin_file_(std::move(pin_file)) {}

Result<void> PinRefusal::check() const {
  // Where a refusal could not be recorded, a wrong PIN would be tried at every start.
  if (::access(record_.parent_path().c_str(), W_OK | X_OK) != 0)
    return fail_errno(record_.parent_path().string());
  const auto now = identity();
  if (!now) return std::unexpected(now.error());
  const Error denied{ErrorCode::kDenied, "the token refused the PIN in " + pin_file_.string() +
                                             " before; it is not tried again until that file is replaced"};
  if (*now == refused_) return std::unexpected(denied);
  const auto recorded = read_file(record_, kMaxRecordBytes);
  if (!recorded && recorded.error().code == ErrorCode::kNotFound) return {};
  if (!recorded) return std::unexpected(recorded.error());
  if (text_of(*recorded) == *now) return std::unexpected(denied);
  return {};
}

Result<std::string> PinRefusal::identity() const { return identity_of(pin_file_); }

Result<void> PinRefusal::record(const std::string& refused) {
  refused_ = refused;
  return replace_file(record_, bytes_of(refused), 0600);
}

}  // namespace privyseal::keyd
