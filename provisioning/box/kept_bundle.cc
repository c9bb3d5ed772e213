#include "provisioning/box/kept_bundle.h"

#include <sys/stat.h>

namespace privyseal::provisioning {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostBundleBytes = 128 * 1024;
constexpr mode_t kMode = 0640;

bool is_kept(const fs::path& kept, const Bytes& bytes, const Owner& readers) {
  constexpr mode_t kPermissions = 07777;
  struct stat facts{};
  if (::lstat(kept.c_str(), &facts) != 0 || !S_ISREG(facts.st_mode)) return false;
  if (facts.st_uid != readers.user || facts.st_gid != readers.group) return false;
  if ((facts.st_mode & kPermissions) != kMode) return false;
  const auto known = read_file(kept, kMostBundleBytes);
  return known && *known == bytes;
}

}  // namespace

Result<void> keep_bundle(const fs::path& bundle, const fs::path& kept, const Owner& readers) {
  const auto bytes = read_file(bundle, kMostBundleBytes);
  if (!bytes) return std::unexpected(bytes.error());
  if (is_kept(kept, *bytes, readers)) return {};
  return replace_file(kept, *bytes, kMode, readers);
}

}  // namespace privyseal::provisioning
