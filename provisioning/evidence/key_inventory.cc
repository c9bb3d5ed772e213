#include "provisioning/evidence/key_inventory.h"

#include <algorithm>

#include "ca/fingerprint.h"
#include "provisioning/key_text.h"

namespace privyseal::evidence {

JsonObject key_inventory(const std::vector<hsm::KeyInfo>& keys, const std::vector<hsm::KeyUses>& uses) {
  JsonArray list;
  for (const hsm::KeyInfo& key : keys) {
    const auto used = std::ranges::find(uses, key.name, &hsm::KeyUses::name);
    const hsm::KeyUses count = used == uses.end() ? hsm::KeyUses{} : *used;
    list.push_back(JsonObject{{"name", key.name},
                              {"role", provisioning::text_of_role(key.role)},
                              {"type", provisioning::text_of_type(key.type)},
                              {"fingerprint", ca::key_fingerprint(key.public_key)},
                              {"uses", JsonObject{{"tls_client", count.tls_client},
                                                  {"tls_server", count.tls_server},
                                                  {"tls12_server", count.tls12_server},
                                                  {"csr", count.csr},
                                                  {"certificate", count.certificate},
                                                  {"crl", count.crl},
                                                  {"ocsp", count.ocsp},
                                                  {"checkpoint", count.checkpoint},
                                                  {"refused", count.refused}}}});
  }
  return {{"ok", true}, {"keys", std::move(list)}};
}

}  // namespace privyseal::evidence
