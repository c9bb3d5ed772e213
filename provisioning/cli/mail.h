/// `privyseal mail ...`: the mail flow, finding a mail, and one mail's whole way.
#pragma once

#include <string>
#include <vector>

#include "firmware/base/json.h"
#include "provisioning/cli/command.h"

namespace privyseal::cli {

[[nodiscard]] std::vector<Command> mail_commands();

// gatewayd's answers as text. Pure.
[[nodiscard]] std::string mail_flow_text(const JsonObject& answer);
[[nodiscard]] std::string mail_partners_text(const JsonObject& answer);
[[nodiscard]] std::string mail_find_text(const JsonObject& answer);
[[nodiscard]] std::string mail_track_text(const JsonObject& answer);

}  // namespace privyseal::cli
