#include "provisioning/init_token.h"

#include <fcntl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <format>

#include "firmware/base/check.h"
#include "firmware/base/file.h"
#include "firmware/base/secret.h"
#include "firmware/base/unique_fd.h"
#include "hsm/pkcs11/module.h"
#include "hsm/pkcs11/session.h"

namespace privyseal::provisioning {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kPinBytes = 32;
constexpr std::size_t kLabelBytes = 32;  // CK_TOKEN_INFO

/// 32 characters of an alphabet of 32: 160 bits, and every token takes these characters.
Secret random_pin() {
  constexpr std::string_view kAlphabet = "abcdefghijkmnpqrstuvwxyz23456789";
  static_assert(kAlphabet.size() == 32);
  std::vector<std::byte> pin(kPinBytes);
  CHECK(::getrandom(pin.data(), pin.size(), 0) == static_cast<ssize_t>(pin.size()));
  for (std::byte& b : pin)
    b = static_cast<std::byte>(kAlphabet[std::to_integer<std::size_t>(b) % kAlphabet.size()]);
  return Secret(std::move(pin));
}

Result<void> hand_over(const fs::path& path, const InitTokenOptions& options) {
  if (::lchown(path.c_str(), options.owner, options.group) != 0) return fail_errno(path.string());
  return {};
}

Result<void> sync_folder(const fs::path& folder) {
  const UniqueFd fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd || ::fsync(fd.get()) != 0) return fail_errno(folder.string());
  return {};
}

/// A file of this call's own; it is removed again unless `keep` was called.
class PinFile {
 public:
  PinFile() = default;
  ~PinFile() {
    if (!path_.empty()) ::unlink(path_.c_str());
  }
  PinFile(const PinFile&) = delete;
  PinFile& operator=(const PinFile&) = delete;

  Result<void> write(const fs::path& path, Secret& pin) {
    const UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0400));
    if (!fd && errno == EEXIST) return fail(ErrorCode::kConflict, path.string() + ": exists already");
    if (!fd) return fail_errno(path.string());
    path_ = path;
    const auto bytes = pin.reveal();
    if (::write(fd.get(), bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size()) ||
        ::fsync(fd.get()) != 0)
      return fail_errno(path.string());
    return sync_folder(path.parent_path());
  }
  void keep() { path_.clear(); }

 private:
  fs::path path_;
};

Result<void> prepare_softhsm(const SoftHsmFiles& files) {
  std::error_code error;
  fs::create_directories(files.token_folder, error);
  if (error) return fail(ErrorCode::kUnavailable, files.token_folder.string() + ": " + error.message());
  if (::chmod(files.token_folder.c_str(), 0700) != 0) return fail_errno(files.token_folder.string());
  const std::string conf = std::format(
      "directories.tokendir = {}\nobjectstore.backend = file\nlog.level = ERROR\nslots.removable = false\n",
      files.token_folder.string());
  if (auto written = replace_file(files.conf, bytes_of(conf), 0644); !written) return written;
  if (::setenv("SOFTHSM2_CONF", files.conf.c_str(), 1) != 0) return fail_errno("SOFTHSM2_CONF");
  return {};
}

Result<void> make_token(const pkcs11::Module& module, std::string_view label, Secret& so_pin, Secret& pin) {
  const auto slot = module.find_blank_token();
  if (!slot) return std::unexpected(slot.error());
  std::array<CK_UTF8CHAR, kLabelBytes> padded;
  padded.fill(' ');
  std::ranges::copy(label, padded.begin());
  const auto officer = so_pin.reveal();
  if (auto done = module.call("C_InitToken", &CK_FUNCTION_LIST::C_InitToken, *slot, uchar(officer),
                              officer.size(), padded.data());
      !done)
    return done;
  // The slot may have another number now (SoftHSM gives it one).
  const auto token = module.find_token(label);
  if (!token) return std::unexpected(token.error());
  const auto session = pkcs11::Session::open(module, *token, pkcs11::Session::Mode::kReadWrite);
  if (!session) return std::unexpected(session.error());
  if (auto done = session->login(CKU_SO, so_pin); !done) return done;
  return session->initialise_pin(pin);
}

/// Everything below `folder` belongs to keyd from now on, and is on disk.
Result<void> hand_over_tree(const fs::path& folder, const InitTokenOptions& options) {
  std::error_code error;
  for (fs::recursive_directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    const UniqueFd fd(::open(at->path().c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    if (!fd || ::fsync(fd.get()) != 0) return fail_errno(at->path().string());
    if (auto done = hand_over(at->path(), options); !done) return done;
  }
  if (error) return fail(ErrorCode::kUnavailable, folder.string() + ": " + error.message());
  if (auto synced = sync_folder(folder); !synced) return synced;
  return hand_over(folder, options);
}

}  // namespace

Result<void> init_token(const InitTokenOptions& options) {
  if (options.label.empty() || options.label.size() > kLabelBytes)
    return fail(ErrorCode::kInvalid, "token label: must have 1 to 32 bytes");
  if (options.softhsm)
    if (auto prepared = prepare_softhsm(*options.softhsm); !prepared) return prepared;
  const auto module = pkcs11::Module::load(options.module);
  if (!module) return std::unexpected(module.error());
  const auto existing = module->find_token(options.label);
  if (existing || existing.error().code == ErrorCode::kConflict)
    return fail(ErrorCode::kConflict, "there is a token labelled " + options.label + " already");
  if (existing.error().code != ErrorCode::kNotFound) return std::unexpected(existing.error());

  // The PINs are on disk before the token has them: a token whose PIN is lost is lost.
  Secret so_pin = random_pin();
  Secret pin = random_pin();
  PinFile so_pin_file;
  PinFile pin_file;
  if (auto written = so_pin_file.write(options.so_pin_file, so_pin); !written) return written;
  if (auto written = pin_file.write(options.pin_file, pin); !written) return written;
  if (auto made = make_token(*module, options.label, so_pin, pin); !made) return made;
  so_pin_file.keep();
  pin_file.keep();
  if (options.softhsm)
    if (auto done = hand_over_tree(options.softhsm->token_folder, options); !done) return done;
  return hand_over(options.pin_file, options);
}

}  // namespace privyseal::provisioning
