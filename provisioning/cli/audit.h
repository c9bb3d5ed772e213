#pragma once
#include "provisioning/cli/command.h"
namespace privyseal::cli {
inline std::vector<Command> audit_commands() { return {}; }
}  // namespace privyseal::cli
