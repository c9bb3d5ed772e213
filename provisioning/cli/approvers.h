/// `privyseal key approvers ...`: who may approve that a key is destroyed.
///
/// Root's alone, and not the console's: whoever took the console could otherwise appoint himself. The list is
/// the one file that keyd reads (hsm/approvers.h); it lies with the appliance's state, so that neither a new
/// image nor a new provisioning file changes it.
#pragma once

#include <vector>

#include "provisioning/cli/command.h"

namespace privyseal::cli {

[[nodiscard]] std::vector<Command> approver_commands();

}  // namespace privyseal::cli
