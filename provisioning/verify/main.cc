// privyseal-verify: reads a provisioning file before anything else does, and lets it pass or not.
//
//     privyseal-verify PUBLIC_KEY FOLDER SOURCE...
//
// The first SOURCE that exists counts; a bad one is not skipped. FOLDER gets `settings.toml` and `bundle`
// (byte for byte what was checked: nobody reads the source again), or `refusal` with one sentence.
// Exit status: 0 passed, 1 refused, 2 wrong usage.
//
// Talks to nobody. An attacker who writes the source reaches parse_bundle and mbed TLS's ECDSA, in a static
// program with a user of its own, without network and without any file but FOLDER to write.
#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstdio>
#include <string>

#include "firmware/base/unique_fd.h"
#include "provisioning/verify/bundle.h"
#include "provisioning/verify/signature.h"

namespace privyseal::provisioning {
namespace {

constexpr std::size_t kMostKeyBytes = 512;

/// At most `most_bytes` from the start of a file or a disk.
Result<Bytes> read_start(const char* path, std::size_t most_bytes) {
  const UniqueFd fd(::open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK));
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

constexpr mode_t kForRoot = 0600;
constexpr mode_t kForEveryone = 0644;

Result<void> write_new(const std::string& path, ByteView bytes, mode_t mode) {
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) return fail_errno(path);
  const UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode));
  if (!fd) return fail_errno(path);
  if (::write(fd.get(), bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size()))
    return fail_errno(path);
  return {};
}

Result<void> verify(const char* key_file, const std::string& folder, const char* source) {
  const auto key = read_start(key_file, kMostKeyBytes);
  if (!key) return std::unexpected(key.error());
  const auto bytes = read_start(source, kMostBundleBytes);
  if (!bytes) return std::unexpected(bytes.error());
  const auto bundle = parse_bundle(*bytes);
  if (!bundle) return std::unexpected(bundle.error());
  if (auto signed_by_key = check_signature(*key, bundle->signed_part, bundle->signature); !signed_by_key)
    return signed_by_key;
  if (auto written = write_new(folder + "/bundle", bundle->whole, kForRoot); !written) return written;
  return write_new(folder + "/settings.toml", bundle->settings, kForRoot);
}

const char* first_existing(char** sources) {
  for (; *sources != nullptr; ++sources)
    if (struct stat status{}; ::stat(*sources, &status) == 0) return *sources;
  return nullptr;
}

int run(const char* key_file, const std::string& folder, char** sources) {
  const char* source = first_existing(sources);
  const Result<void> passed = source == nullptr ? fail(ErrorCode::kNotFound, "no provisioning disk is there")
                                                : verify(key_file, folder, source);
  if (passed) {
    std::fprintf(stderr, "%s: the provisioning file is signed by the key that this box trusts\n", source);
    ::unlink((folder + "/refusal").c_str());
    return 0;
  }
  const std::string why = passed.error().message + "\n";
  std::fprintf(stderr, "%s: %s", source == nullptr ? "-" : source, why.c_str());
  if (!write_new(folder + "/refusal", bytes_of(why), kForEveryone))
    std::fputs("the refusal could not be written\n", stderr);
  return 1;
}

}  // namespace
}  // namespace privyseal::provisioning

int main(int argc, char** argv) {
  if (argc < 4) {
    std::fputs("usage: privyseal-verify PUBLIC_KEY FOLDER SOURCE...\n", stderr);
    return 2;
  }
  ::umask(0022);
  return privyseal::provisioning::run(argv[1], argv[2], argv + 3);
}
