#include "provisioning/evidence/key_inventory.h"

#include <algorithm>

#include "ca/fingerprint.h"
#include "provisioning/evidence/named_uses.h"
#include "provisioning/key_text.h"

namespace privyseal::evidence {

JsonObject key_inventory(const std::vector<hsm::KeyInfo>& keys, const std::vector<hsm::KeyUses>& uses) {
  JsonArray list;
  for (const hsm::KeyInfo& key : keys) {
    const auto used = std::ranges::find(uses, key.name, &hsm::KeyUses::name);
    const hsm::KeyUses count = used == uses.end() ? hsm::KeyUses{} : *used;
    JsonObject named;
    for (const NamedUse& use : kNamedUses) named[use.name] = count.*use.count;
    named["refused"] = count.refused;
    list.push_back(JsonObject{{"name", key.name},
                              {"role", provisioning::text_of_role(key.role)},
                              {"type", provisioning::text_of_type(key.type)},
                              {"fingerprint", ca::key_fingerprint(key.public_key)},
                              {"uses", std::move(named)}});
  }
  return {{"ok", true}, {"keys", std::move(list)}};
}

}  // namespace privyseal::evidence
