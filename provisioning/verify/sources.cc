#include "provisioning/verify/sources.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "firmware/base/unique_fd.h"
#include "provisioning/verify/bundle.h"
#include "provisioning/verify/signature.h"

namespace privyseal::provisioning {
namespace {

constexpr std::size_t kMostKeyBytes = 512;
constexpr mode_t kForRoot = 0600;
constexpr mode_t kForEveryone = 0644;
constexpr const char* kSettings = ".toml";
constexpr const char* kBundle = ".bundle";
constexpr const char* kRefusal = ".refusal";
constexpr const char* kRefusalOfAll = "/refusal";

/// At most `most_bytes` from the start of a file or a disk.
Result<Bytes> read_start(const std::string& path, std::size_t most_bytes) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!fd) return fail_errno(path);
  Bytes bytes(most_bytes);
  std::size_t known = 0;
  while (known < bytes.size()) {
    const ssize_t got = ::read(fd.get(), bytes.data() + known, bytes.size() - known);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail_errno(path);
    if (got == 0) break;
    known += static_cast<std::size_t>(got);
  }
  bytes.resize(known);
  return bytes;
}

Result<void> remove(const std::string& path) {
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) return fail_errno(path);
  return {};
}

Result<void> write_new(const std::string& path, ByteView bytes, mode_t mode) {
  if (auto removed = remove(path); !removed) return removed;
  const UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode));
  if (!fd) return fail_errno(path);
  if (::write(fd.get(), bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size())) return {};
  auto failed = fail_errno(path);
  ::unlink(path.c_str());  // half of what was signed is nothing that was signed
  return failed;
}

/// Whatever else stops us from looking is not the same as nothing being there.
bool is_absent(const std::string& path) {
  struct stat status{};
  return ::stat(path.c_str(), &status) != 0 && errno == ENOENT;
}

Bytes line_of(const Error& error) { return copy_of(bytes_of(error.message + "\n")); }

/// What an earlier run let pass does not count for this one.
Result<void> forget(const std::string& place) {
  for (const char* kind : std::array{kSettings, kBundle, kRefusal})
    if (auto removed = remove(place + kind); !removed) return removed;
  return {};
}

Result<void> let_pass(ByteView key, const std::string& source, const std::string& place) {
  const auto bytes = read_start(source, kMostBundleBytes);
  if (!bytes) return std::unexpected(bytes.error());
  const auto bundle = parse_bundle(*bytes);
  if (!bundle) return std::unexpected(bundle.error());
  if (auto signed_by_key = check_signature(key, bundle->signed_part, bundle->signature); !signed_by_key)
    return signed_by_key;
  if (auto written = write_new(place + kBundle, bundle->whole, kForRoot); !written) return written;
  return write_new(place + kSettings, bundle->settings, kForRoot);
}

/// A box that has a good file goes on with it, and its screen says why the disk does not count.
Result<std::string> judge_disk_beside_kept(ByteView key, const std::string& source,
                                           const std::string& place) {
  if (is_absent(source)) return "the kept provisioning file is signed by the key that this box trusts";
  const auto passed = let_pass(key, source, place);
  if (passed) return "the kept provisioning file and the disk's are signed by the key that this box trusts";
  if (auto forgotten = forget(place); !forgotten) return std::unexpected(forgotten.error());
  if (auto told = write_new(place + kRefusal, line_of(passed.error()), kForRoot); !told)
    return std::unexpected(told.error());
  return "the kept provisioning file passes, the disk's does not: " + passed.error().message;
}

Result<std::string> judge(const std::string& key_file, const std::string& folder, const Sources& sources) {
  const std::string kept = folder + "/kept";
  const std::string disk = folder + "/disk";
  for (const std::string& place : {kept, disk})
    if (auto forgotten = forget(place); !forgotten) return std::unexpected(forgotten.error());
  const auto key = read_start(key_file, kMostKeyBytes);
  if (!key) return std::unexpected(key.error());
  if (!is_absent(sources.kept)) {
    if (auto passed = let_pass(*key, sources.kept, kept); !passed)
      return fail("the file that this box has kept", passed.error());
    return judge_disk_beside_kept(*key, sources.disk, disk);
  }
  if (is_absent(sources.disk)) return fail(ErrorCode::kNotFound, "no provisioning disk is there");
  if (auto passed = let_pass(*key, sources.disk, disk); !passed) return std::unexpected(passed.error());
  return "the disk's provisioning file is signed by the key that this box trusts";
}

}  // namespace

Result<std::string> judge_sources(const std::string& key_file, const std::string& folder,
                                  const Sources& sources) {
  const std::string refusal = folder + kRefusalOfAll;
  auto judged = judge(key_file, folder, sources);
  const auto told = judged ? remove(refusal) : write_new(refusal, line_of(judged.error()), kForEveryone);
  if (!told) return fail("the outcome could not be written", told.error());
  return judged;
}

}  // namespace privyseal::provisioning
