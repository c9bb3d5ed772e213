#include "provisioning/box/first_keys.h"

#include <array>
#include <chrono>

#include "hsm/client.h"

namespace privyseal::provisioning {
namespace {

// A token may think for a while about a new key.
constexpr std::chrono::seconds kDeadline{60};

struct FirstKey {
  std::string_view name;
  hsm::KeyRole role;
};
constexpr std::array kFirstKeys{FirstKey{"audit", hsm::KeyRole::kAudit},
                                FirstKey{"issuing-ca", hsm::KeyRole::kIssuingCa}};

Result<void> make_missing(hsm::Client& keyd, const FirstKey& wanted, std::ostream& out) {
  const auto known = keyd.find_key(wanted.name);
  if (known && known->role == wanted.role) return {};
  if (known) return fail(ErrorCode::kConflict, std::string(wanted.name) + ": the key has another role");
  if (known.error().code != ErrorCode::kNotFound) return std::unexpected(known.error());
  const auto made = keyd.generate(wanted.name, wanted.role, hsm::KeyType::kEcP256);
  if (!made) return std::unexpected(made.error());
  out << "made the key '" << wanted.name << "'\n";
  return {};
}

Result<void> run(const Arguments& arguments, std::ostream& out) {
  hsm::Client keyd(arguments.text("socket"), kDeadline);
  for (const FirstKey& wanted : kFirstKeys)
    if (auto made = make_missing(keyd, wanted, out); !made) return made;
  return {};
}

}  // namespace

Command first_keys_command() {
  return {.name = "first-keys",
          .summary = "make the audit key and the issuing CA's key, if the token has none",
          .options = {socket_option()},
          .run = run};
}

}  // namespace privyseal::provisioning
