/// `screen`: what a person at the box's serial console sees. It answers one question, in a few lines:
/// does this box do its work, and if not, what is missing?
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "provisioning/command.h"

namespace privyseal::provisioning {

/// What the box's folders and keyd's socket tell at one moment, with the console's own line (console_line.h).
/// `root` is "/" on the box.
[[nodiscard]] std::string screen_text(const std::filesystem::path& root, std::string_view console);

/// Runs until it is killed; prints the text again only when it has changed.
[[nodiscard]] Command screen_command();

}  // namespace privyseal::provisioning
