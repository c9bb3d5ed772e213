#include "firmware/policy/date.h"

#include "firmware/smtp/ascii.h"

namespace privyseal::policy {
namespace {

/// `count` digits at `at`, or nothing.
std::optional<unsigned> digits(std::string_view text, std::size_t at, std::size_t count) {
  if (at + count > text.size()) return std::nullopt;
  const auto number = smtp::number_from(text.substr(at, count));
  return number ? std::optional(static_cast<unsigned>(*number)) : std::nullopt;
}

}  // namespace

std::optional<WallTime> parse_time(std::string_view text) {
  if (!text.ends_with('Z') || text.size() < 17 || text[10] != 'T' || text[13] != ':') return std::nullopt;
  const bool has_seconds = text.size() == 20 && text[16] == ':';
  if (text.size() != 17 && !has_seconds) return std::nullopt;
  const auto day = parse_day(text.substr(0, 10));
  const auto hour = digits(text, 11, 2);
  const auto minute = digits(text, 14, 2);
  const auto second = has_seconds ? digits(text, 17, 2) : 0U;
  if (!day || !hour || !minute || !second || *hour > 23 || *minute > 59 || *second > 59) return std::nullopt;
  return WallTime(*day) + std::chrono::hours(*hour) + std::chrono::minutes(*minute) +
         std::chrono::seconds(*second);
}

}  // namespace privyseal::policy
