/// `privyseal ledger ...`: whether the mails' rows are those that were recorded, copies of them that prove
/// it, and what must not be purged.
#pragma once

#include <string>
#include <vector>

#include "firmware/base/json.h"
#include "provisioning/cli/command.h"

namespace privyseal::cli {

[[nodiscard]] std::vector<Command> ledger_commands();

// Pure.
[[nodiscard]] std::string hold_list_text(const JsonObject& answer);
[[nodiscard]] std::string hold_added_text(const JsonObject& answer);

}  // namespace privyseal::cli
