/// `privyseal policy show|set|remove`: the organisation's rules and registers, and newer ones brought to the
/// running appliance.
#pragma once

#include <string>
#include <vector>

#include "firmware/base/json.h"
#include "provisioning/cli/command.h"

namespace privyseal::cli {

[[nodiscard]] std::vector<Command> policy_commands();

/// gatewayd's answer as text. Pure.
[[nodiscard]] std::string policy_show_text(const JsonObject& answer);

}  // namespace privyseal::cli
