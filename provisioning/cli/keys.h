/// `privyseal key ...`: what is in the token, and what it was used for.
#pragma once

#include <string>
#include <vector>

#include "firmware/base/json.h"
#include "provisioning/cli/command.h"

namespace privyseal::cli {

[[nodiscard]] std::vector<Command> key_commands();

/// `{"keys":[{"name","role","type","fingerprint","uses":{...}}]}`: the one answer that keyd does not
/// give as JSON itself. Pure.
[[nodiscard]] JsonObject key_inventory(const std::vector<hsm::KeyInfo>& keys,
                                       const std::vector<hsm::KeyUses>& uses);
[[nodiscard]] std::string key_list_text(const JsonObject& inventory);

}  // namespace privyseal::cli
