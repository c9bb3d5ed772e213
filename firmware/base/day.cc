#include "firmware/base/day.h"

#include <charconv>

namespace privyseal {
namespace {

/// Digits and nothing else.
std::optional<unsigned> number_from(std::string_view digits) {
  unsigned number = 0;
  const char* const end = digits.data() + digits.size();
  if (std::from_chars(digits.data(), end, number) != std::from_chars_result{end, {}}) return std::nullopt;
  return number;
}

}  // namespace

std::optional<Day> parse_day(std::string_view text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return std::nullopt;
  const auto year = number_from(text.substr(0, 4));
  const auto month = number_from(text.substr(5, 2));
  const auto day = number_from(text.substr(8, 2));
  if (!year || !month || !day) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(static_cast<int>(*year)),
                                         std::chrono::month(*month), std::chrono::day(*day)};
  return date.ok() ? std::optional<Day>(date) : std::nullopt;
}

}  // namespace privyseal
