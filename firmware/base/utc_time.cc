#include "firmware/base/utc_time.h"

#include <charconv>
#include <chrono>
#include <format>

#include "firmware/base/day.h"

namespace privyseal {
namespace {

/// Two digits at `at`, or nothing.
std::optional<unsigned> two_digits(std::string_view text, std::size_t at) {
  unsigned number = 0;
  const char* const first = text.data() + at;
  if (std::from_chars(first, first + 2, number) != std::from_chars_result{first + 2, {}}) return std::nullopt;
  return number;
}

}  // namespace

std::optional<WallTime> parse_utc_time(std::string_view text) {
  constexpr std::string_view kForm = "YYYY-MM-DDTHH:MM:SSZ";
  if (text.size() != kForm.size()) return std::nullopt;
  if (text[10] != 'T' || text[13] != ':' || text[16] != ':' || text[19] != 'Z') return std::nullopt;
  const auto day = parse_day(text.substr(0, 10));
  const auto hour = two_digits(text, 11);
  const auto minute = two_digits(text, 14);
  const auto second = two_digits(text, 17);
  if (!day || !hour || !minute || !second || *hour > 23 || *minute > 59 || *second > 59) return std::nullopt;
  return WallTime(*day) + std::chrono::hours(*hour) + std::chrono::minutes(*minute) +
         std::chrono::seconds(*second);
}

std::string utc_text(WallTime time) {
  return std::format("{:%FT%TZ}", std::chrono::floor<std::chrono::seconds>(time));
}

}  // namespace privyseal
