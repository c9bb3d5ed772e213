/// `privyseal directory search|export`: who in CJSM has which address, from the organisation's import.
#pragma once

#include <string>
#include <vector>

#include "firmware/base/json.h"
#include "provisioning/cli/command.h"

namespace privyseal::cli {

[[nodiscard]] std::vector<Command> directory_commands();

/// gatewayd's answer as text. Pure.
[[nodiscard]] std::string directory_search_text(const JsonObject& answer);

}  // namespace privyseal::cli
