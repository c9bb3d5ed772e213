/// `privyseal key approvers show`: who may approve that a key is destroyed, as keyd reads it.
///
/// They are named by the signed provisioning file alone (box/site.h), not here and not by the console:
/// whoever took the console could otherwise appoint himself.
#pragma once

#include <vector>

#include "provisioning/cli/command.h"

namespace privyseal::cli {

[[nodiscard]] std::vector<Command> approver_commands();

}  // namespace privyseal::cli
