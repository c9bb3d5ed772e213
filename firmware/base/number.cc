#include "firmware/base/number.h"

#include <charconv>

namespace privyseal {

std::optional<std::int64_t> parse_number(std::string_view text) {
  if (text.starts_with('-')) return std::nullopt;
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

}  // namespace privyseal
