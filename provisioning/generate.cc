#include "provisioning/generate.h"

#include "firmware/base/check.h"
#include "hsm/client.h"
#include "provisioning/key_text.h"

namespace privyseal::provisioning {
namespace {

Result<void> generate(const Arguments& arguments, std::ostream& out) {
  const auto role = role_of(arguments.text("role"));
  const auto type = type_of(arguments.text("type"));
  CHECK(role && type);  // the options' choices
  hsm::Client keyd(arguments.text("socket"));
  const auto key = keyd.generate(arguments.text("name"), *role, *type);
  if (!key) return std::unexpected(key.error());
  out << table_of({&*key, 1});
  return {};
}

}  // namespace

Command generate_command() {
  return {
      .name = "generate",
      .summary = "make a key in the token and show its public part",
      .options = {socket_option(),
                  {.name = "name", .value = "NAME", .help = "the new key's name: a-z, 0-9 and -"},
                  {.name = "role",
                   .value = "cjsm-identity|lan-identity|audit|issuing-ca|console-identity",
                   .help = "what it is for, for its whole life",
                   .choices = {"cjsm-identity", "lan-identity", "audit", "issuing-ca", "console-identity"}},
                  {.name = "type",
                   .value = "p256|p384|ed25519|rsa2048|rsa3072|rsa4096",
                   .help = "its kind; not every role may have every kind, nor every token make it",
                   .choices = {"p256", "p384", "ed25519", "rsa2048", "rsa3072", "rsa4096"}}},
      .run = generate};
}

}  // namespace privyseal::provisioning
