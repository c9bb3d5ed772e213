#include "provisioning/init_token_command.h"

#include <pwd.h>

#include <charconv>

#include "provisioning/init_token.h"

namespace privyseal::provisioning {
namespace {

using Kind = Option::Kind;

struct Owner {
  uid_t user;
  gid_t group;
};

bool read_number(std::string_view text, unsigned& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc{} && end == text.data() + text.size();
}

/// "privyseal-keyd" or "961:961".
Result<Owner> owner_of(const std::string& text) {
  const std::size_t colon = text.find(':');
  Owner owner{};
  if (colon != std::string::npos && read_number(text.substr(0, colon), owner.user) &&
      read_number(text.substr(colon + 1), owner.group))
    return owner;
  const passwd* entry = ::getpwnam(text.c_str());
  if (entry == nullptr) return fail(ErrorCode::kInvalid, "there is no user " + text);
  return Owner{.user = entry->pw_uid, .group = entry->pw_gid};
}

Result<void> run(const Arguments& arguments, std::ostream& out) {
  const auto owner = owner_of(arguments.text("owner"));
  if (!owner) return std::unexpected(owner.error());
  if (arguments.has("softhsm-conf") != arguments.has("token-folder"))
    return fail(ErrorCode::kInvalid, "--softhsm-conf and --token-folder go together");
  InitTokenOptions options{.module = arguments.text("module"),
                           .label = arguments.text("label"),
                           .pin_file = arguments.text("pin-file"),
                           .so_pin_file = arguments.text("so-pin-file"),
                           .softhsm = {},
                           .owner = owner->user,
                           .group = owner->group};
  if (arguments.has("softhsm-conf"))
    options.softhsm =
        SoftHsmFiles{.conf = arguments.text("softhsm-conf"), .token_folder = arguments.text("token-folder")};
  if (auto made = init_token(options); !made) return made;
  out << "token " << options.label << " is ready; its PIN is in " << options.pin_file.string() << "\n";
  if (options.softhsm) out << "it is a test token (SoftHSM): not validated, keys lie in files\n";
  return {};
}

}  // namespace

Command init_token_command() {
  return {
      .name = "init-token",
      .summary = "make keyd's token and its PINs, while keyd is stopped",
      .options = {{.name = "module", .value = "PATH", .help = "the PKCS#11 module"},
                  {.name = "label", .value = "LABEL", .help = "the new token's label, at most 32 bytes"},
                  {.name = "pin-file", .value = "PATH", .help = "gets keyd's PIN; must not exist"},
                  {.name = "so-pin-file", .value = "PATH", .help = "gets the officer's PIN; must not exist"},
                  {.name = "owner", .value = "USER|UID:GID", .help = "the user that keyd runs as"},
                  {.name = "softhsm-conf",
                   .value = "PATH",
                   .help = "SoftHSM only: its configuration, written here",
                   .kind = Kind::kOptional},
                  {.name = "token-folder",
                   .value = "PATH",
                   .help = "SoftHSM only: where its tokens are",
                   .kind = Kind::kOptional}},
      .run = run};
}

}  // namespace privyseal::provisioning
