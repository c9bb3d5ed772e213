#include "provisioning/box/set_up.h"

#include <pwd.h>
#include <unistd.h>

#include <cerrno>

#include "firmware/base/file.h"
#include "provisioning/box/chosen_file.h"
#include "provisioning/box/kept_bundle.h"
#include "provisioning/box/settings_files.h"
#include "provisioning/init_token.h"

namespace privyseal::provisioning {
namespace {

namespace fs = std::filesystem;

// The same as in keyd_settings().
constexpr std::string_view kModule = "/usr/lib/softhsm/libsofthsm2.so";
constexpr std::string_view kTokenLabel = "privyseal";
constexpr std::string_view kKeydUser = "privyseal-keyd";
constexpr std::string_view kKeydState = "var/lib/privyseal-keyd";
constexpr std::string_view kOwnState = "var/lib/privyseal-provision";

Result<passwd> user(const std::string& name) {
  const passwd* entry = ::getpwnam(name.c_str());
  if (entry == nullptr) return fail(ErrorCode::kNotFound, "there is no user " + name);
  return *entry;
}

Result<void> make_folder(const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) return fail(ErrorCode::kUnavailable, folder.string() + ": " + error.message());
  return {};
}

Result<void> write_settings(const fs::path& root, const SettingsFile& file) {
  const fs::path path = root / file.path;
  if (auto made = make_folder(path.parent_path()); !made) return made;
  if (file.owner.empty()) return replace_file(path, bytes_of(file.text), file.mode);
  const auto owner = user(file.owner);
  if (!owner) return std::unexpected(owner.error());
  return replace_file(path, bytes_of(file.text), file.mode, {.user = owner->pw_uid, .group = owner->pw_gid});
}

/// What an earlier run left that did not come to its end.
Result<void> clear_half_made_token(const fs::path& keyd, const fs::path& so_pin) {
  for (const fs::path& left : {keyd / "pin", so_pin, keyd / "tokens"}) {
    std::error_code error;
    fs::remove_all(left, error);
    if (error) return fail(ErrorCode::kUnavailable, left.string() + ": " + error.message());
  }
  return {};
}

Result<void> make_token_once(const fs::path& root) {
  const fs::path mark = root / kOwnState / "token-made";
  const fs::path so_pin = root / kOwnState / "so-pin";
  const fs::path keyd = root / kKeydState;
  if (fs::exists(mark)) return {};
  const auto owner = user(std::string(kKeydUser));
  if (!owner) return std::unexpected(owner.error());
  if (auto cleared = clear_half_made_token(keyd, so_pin); !cleared) return cleared;
  const InitTokenOptions options{
      .module = kModule,
      .label = std::string(kTokenLabel),
      .pin_file = keyd / "pin",
      .so_pin_file = so_pin,
      .softhsm = SoftHsmFiles{.conf = keyd / "softhsm2.conf", .token_folder = keyd / "tokens"},
      .owner = owner->pw_uid,
      .group = owner->pw_gid};
  if (auto made = init_token(options); !made) return made;
  return replace_file(mark, bytes_of("1\n"), 0600);
}

/// For the next boots, in which the verifier reads it as the group that may.
Result<void> keep(const fs::path& root, const fs::path& bundle) {
  const auto readers = user("privyseal-admin");
  if (!readers) return std::unexpected(readers.error());
  return keep_bundle(bundle, root / kOwnState / "bundle", {.user = 0, .group = readers->pw_gid});
}

struct Outcome {
  std::string hostname;
  std::string of_disk;  ///< as ChosenFile has it
};

Result<Outcome> set_up(const fs::path& root, const fs::path& verified) {
  auto file = choose_file(verified);
  if (!file) return std::unexpected(file.error());
  for (const SettingsFile& settings : settings_files(file->site))
    if (auto written = write_settings(root, settings); !written) return std::unexpected(written.error());
  if (auto made = make_token_once(root); !made) return std::unexpected(made.error());
  if (auto kept = keep(root, file->bundle); !kept) return std::unexpected(kept.error());
  return Outcome{.hostname = file->site.hostname, .of_disk = std::move(file->of_disk)};
}

/// Empty `text`: the file goes.
Result<void> leave(const fs::path& file, const std::string& text) {
  if (!text.empty()) return replace_file(file, bytes_of(text + "\n"), 0644);
  if (::unlink(file.c_str()) != 0 && errno != ENOENT) return fail_errno(file.string());
  return {};
}

/// The console shows them: the host name of a box that is set up, or why it is not, and what became of a
/// disk.
Result<void> leave_words(const fs::path& root, const Result<Outcome>& outcome) {
  const fs::path folder = root / "run/privyseal";
  return make_folder(folder)
      .and_then([&] { return leave(folder / "refusal", outcome ? "" : outcome.error().message); })
      .and_then([&] { return leave(folder / "setup-disk", outcome ? outcome->of_disk : ""); })
      .and_then([&] { return leave(folder / "provisioned", outcome ? outcome->hostname : ""); });
}

Result<void> run(const Arguments& arguments, std::ostream& out) {
  const fs::path root = arguments.has("root") ? arguments.text("root") : "/";
  const auto outcome = set_up(root, arguments.text("verified"));
  if (auto left = leave_words(root, outcome); !left) return left;
  if (!outcome) return std::unexpected(outcome.error());
  out << "set up as " << outcome->hostname << "\n";
  if (!outcome->of_disk.empty()) out << "the provisioning disk's file is " << outcome->of_disk << "\n";
  return {};
}

}  // namespace

Command set_up_command() {
  return {.name = "set-up",
          .summary = "set this box up as a verified provisioning file says; run at each boot",
          .options = {{.name = "verified",
                       .value = "PATH",
                       .help = "the folder of what privyseal-verify let pass"},
                      {.name = "root",
                       .value = "PATH",
                       .help = "write below this folder",
                       .kind = Option::Kind::kOptional}},
          .run = run};
}

}  // namespace privyseal::provisioning
