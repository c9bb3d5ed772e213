/// The table of what privyseal-provision can do, and the way from a command line to it.
#pragma once

#include <ostream>
#include <span>
#include <string_view>
#include <vector>

#include "provisioning/command.h"

namespace privyseal::provisioning {

inline constexpr int kDone = 0;
inline constexpr int kFailed = 1;
inline constexpr int kWrongUsage = 2;

[[nodiscard]] std::vector<Command> all_commands();

/// Runs the command that the first word names. Returns the exit status.
[[nodiscard]] int run(std::span<const std::string_view> words, std::ostream& out, std::ostream& err);

}  // namespace privyseal::provisioning
