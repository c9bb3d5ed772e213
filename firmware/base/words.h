/// Text taken apart at a mark, without the blanks around.
///
/// Pure. Threads: any.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace privyseal {

inline constexpr std::string_view kBlanks = " \t\r\n";

/// `text` without blanks at its ends.
[[nodiscard]] std::string_view trimmed(std::string_view text);

/// The parts between `separator`, trimmed; empty ones are left out.
[[nodiscard]] std::vector<std::string> parts_of(std::string_view text, char separator);

}  // namespace privyseal
