#include "provisioning/evidence/text.h"

#include <algorithm>
#include <cstdint>
#include <format>

#include "firmware/base/day.h"

namespace privyseal::evidence {
namespace {

struct Character {
  char32_t code = 0;
  std::size_t bytes = 0;  // 0: no UTF-8
};

/// The first character of a text that is not empty (RFC 3629 section 4).
Character first_character(std::string_view text) {
  const auto byte_at = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned lead = byte_at(0);
  if (lead < 0x80) return {lead, 1};
  const std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || text.size() < length) return {};
  char32_t code = lead & (0xFFU >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte_at(i) & 0xC0U) != 0x80) return {};
    code = (code << 6U) | (byte_at(i) & 0x3FU);
  }
  const bool is_overlong = (length == 3 && code < 0x800) || (length == 4 && code < 0x10000);
  if (is_overlong || code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF)) return {};
  return {code, length};
}

bool may_be_shown(char32_t code) {
  struct Range {
    char32_t first, last;
  };
  // Controls; soft hyphen; marks of direction; zero-width and other invisible characters.
  constexpr Range kHidden[] = {{0x00, 0x1F},     {0x7F, 0x9F},      {0xAD, 0xAD},     {0x61C, 0x61C},
                               {0x200B, 0x200F}, {0x2028, 0x202E},  {0x2060, 0x206F}, {0xFEFF, 0xFEFF},
                               {0xFFF9, 0xFFFB}, {0xE0000, 0xE007F}};
  return std::ranges::none_of(kHidden, [&](const Range& r) { return code >= r.first && code <= r.last; });
}

std::optional<int> digits(std::string_view text) {
  int value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + (c - '0');
  }
  return value;
}

/// ".5Z" to half a second, "Z" to none; digits below a millisecond are dropped.
std::optional<std::chrono::milliseconds> parse_fraction(std::string_view text) {
  if (text == "Z") return std::chrono::milliseconds{0};
  if (text.size() < 3 || text.front() != '.' || text.back() != 'Z') return std::nullopt;
  std::string fraction(text.substr(1, text.size() - 2));
  if (fraction.size() > 9 || !digits(fraction)) return std::nullopt;
  fraction.resize(3, '0');
  return std::chrono::milliseconds{*digits(fraction)};
}

bool is_summer_time(WallTime time) {
  using namespace std::chrono;
  const year this_year = year_month_day(floor<days>(time)).year();
  const sys_time<hours> begin = sys_days(this_year / March / Sunday[last]) + hours{1};
  const sys_time<hours> end = sys_days(this_year / October / Sunday[last]) + hours{1};
  return time >= begin && time < end;
}

}  // namespace

std::string escaped(std::string_view text) {
  std::string safe;
  while (!text.empty()) {
    const auto [code, bytes] = first_character(text);
    const std::size_t taken = std::max<std::size_t>(bytes, 1);
    if (code == U'\\')
      safe += "\\\\";
    else if (bytes > 0 && may_be_shown(code))
      safe += text.substr(0, taken);
    else
      for (const char c : text.substr(0, taken))
        safe += std::format("\\x{:02x}", static_cast<unsigned char>(c));
    text.remove_prefix(taken);
  }
  return safe;
}

bool is_visible(std::string_view text) {
  while (!text.empty()) {
    const auto [code, bytes] = first_character(text);
    if (bytes == 0 || !may_be_shown(code)) return false;
    text.remove_prefix(bytes);
  }
  return true;
}

std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80; }));
}

std::optional<WallTime> parse_time(std::string_view text) {
  if (text.size() < 20 || text[10] != 'T' || text[13] != ':' || text[16] != ':') return std::nullopt;
  const auto day = parse_day(text.substr(0, 10));
  const auto hour = digits(text.substr(11, 2));
  const auto minute = digits(text.substr(14, 2));
  const auto second = digits(text.substr(17, 2));
  const auto fraction = parse_fraction(text.substr(19));
  if (!day || !hour || !minute || !second || !fraction) return std::nullopt;
  if (*hour > 23 || *minute > 59 || *second > 60) return std::nullopt;
  return *day + std::chrono::hours{*hour} + std::chrono::minutes{*minute} + std::chrono::seconds{*second} +
         *fraction;
}

std::optional<WallTime> parse_date_or_time(std::string_view text) {
  if (const auto day = parse_day(text)) return WallTime(*day);
  return parse_time(text);
}

std::string london(WallTime time) {
  const bool is_summer = is_summer_time(time);
  const auto local = std::chrono::floor<std::chrono::seconds>(time) + std::chrono::hours{is_summer ? 1 : 0};
  return std::format("{:%F %T} {}", local, is_summer ? "+01:00" : "+00:00");
}

std::string london(std::string_view rfc3339) {
  const auto time = parse_time(rfc3339);
  return time ? london(*time) : escaped(rfc3339);
}

std::string counted(std::uint64_t count, std::string_view noun) {
  return std::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

}  // namespace privyseal::evidence
