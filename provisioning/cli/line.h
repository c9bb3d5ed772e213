/// `privyseal line ...` and `privyseal rate release`: whether mail passes at all, and senders that a cap has
/// stopped. What changes something needs a reason, which stands in gatewayd's audit log.
#pragma once

#include <string>
#include <vector>

#include "firmware/base/json.h"
#include "provisioning/cli/command.h"

namespace privyseal::cli {

[[nodiscard]] std::vector<Command> line_commands();

// gatewayd's answers as text. Pure.
[[nodiscard]] std::string line_show_text(const JsonObject& answer);
[[nodiscard]] std::string line_switch_text(const JsonObject& answer);

}  // namespace privyseal::cli
