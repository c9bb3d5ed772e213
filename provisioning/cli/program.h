/// The table of what `privyseal` can do, and the way from a command line to it.
#pragma once

#include <ostream>
#include <span>
#include <string_view>
#include <vector>

#include "provisioning/cli/command.h"

namespace privyseal::cli {

[[nodiscard]] std::vector<Command> all_commands();

/// Runs the command that the first words name. Results go to `out`; what went wrong goes to `err`, and with
/// --json to `out` as well, in the form of a door's refusal.
[[nodiscard]] ExitStatus run(std::span<const std::string_view> words, const Clock& clock, std::ostream& out,
                             std::ostream& err);

}  // namespace privyseal::cli
