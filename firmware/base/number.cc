#include "firmware/base/number.h"

#include <charconv>

namespace privyseal {

std::optional<std::int64_t> parse_number(std::string_view text) {
  if (text.starts_with('-')) return std::nullopt;
  std::int64_t number = 0;
  const char* const end = text.data() + text.size();
  if (std::from_chars(text.data(), end, number) != std::from_chars_result{end, {}}) return std::nullopt;
  return number;
}

}  // namespace privyseal
