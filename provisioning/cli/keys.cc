#include "provisioning/cli/keys.h"

#include "provisioning/cli/reading.h"
#include "provisioning/cli/table.h"
#include "provisioning/evidence/key_inventory.h"

namespace privyseal::cli {
namespace {

Result<Report> list(const Arguments&, Surroundings& at) {
  const auto keys = at.appliance.keys();
  if (!keys) return std::unexpected(keys.error());
  const auto uses = at.appliance.key_uses();
  if (!uses) return std::unexpected(uses.error());
  JsonObject inventory = evidence::key_inventory(*keys, *uses);
  std::string text = key_list_text(inventory);
  return Report{.json = std::move(inventory), .text = std::move(text)};
}

}  // namespace

std::string key_list_text(const JsonObject& inventory) {
  using Align = Table::Align;
  Table table({"NAME",
               "ROLE",
               "TYPE",
               {"TLS", Align::kRight},
               {"CSR", Align::kRight},
               {"CA", Align::kRight},
               {"CHECKPOINT", Align::kRight},
               {"REFUSED", Align::kRight},
               "PUBLIC KEY (SHA-256)"});
  for (const JsonObject* key : objects_at(inventory, "keys")) {
    const JsonObject& uses = object_at(*key, "uses");
    const auto sum = [&](auto... names) { return std::to_string((count_at(uses, names) + ...)); };
    table.add({shown(*key, "name"), shown(*key, "role"), shown(*key, "type"),
               sum("tls_client", "tls_server", "tls12_server"), shown(uses, "csr"),
               sum("certificate", "crl", "ocsp"), shown(uses, "checkpoint"), shown(uses, "refused"),
               shown(*key, "fingerprint")});
  }
  return table.text("The token holds no key.") +
         "\nUses are counted since the key was made, refusals since keyd started. No private key can leave "
         "the token.\n";
}

std::vector<Command> key_commands() {
  return {{.words = "key list",
           .summary = "the keys in the token and what they were used for",
           .bare = {},
           .options = {},
           .what = Task{nothing_to_check, list}}};
}

}  // namespace privyseal::cli
