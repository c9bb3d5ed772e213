/// `privyseal key ...`: what is in the token, and what it was used for.
#pragma once

#include <string>
#include <vector>

#include "firmware/base/json.h"
#include "provisioning/cli/command.h"

namespace privyseal::cli {

[[nodiscard]] std::vector<Command> key_commands();

/// Of evidence::key_inventory. Pure.
[[nodiscard]] std::string key_list_text(const JsonObject& inventory);

}  // namespace privyseal::cli
