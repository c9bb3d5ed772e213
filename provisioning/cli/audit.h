/// `privyseal audit tail|verify|export`: what was done, and whether the record of it is whole.
#pragma once

#include <string>
#include <vector>

#include "firmware/base/json.h"
#include "provisioning/cli/command.h"

namespace privyseal::cli {

[[nodiscard]] std::vector<Command> audit_commands();

/// `{"entries":[{"log":"gatewayd","entry":{...}}]}`. Pure.
[[nodiscard]] std::string audit_tail_text(const JsonObject& entries);
/// `{"logs":[{"log","verdict","size","signed","why"}]}`. Pure.
[[nodiscard]] std::string audit_verify_text(const JsonObject& verdicts);

}  // namespace privyseal::cli
