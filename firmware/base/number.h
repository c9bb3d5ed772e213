/// A whole number from outside: in a query, a form, a log.
///
/// Pure and total. Threads: any.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace privyseal {

/// Digits only: no sign, no space. Nothing for an empty text or a number that does not fit.
[[nodiscard]] std::optional<std::int64_t> parse_number(std::string_view text);

}  // namespace privyseal
