#include "firmware/smtp/dsn.h"

#include <algorithm>
#include <array>
#include <cstddef>

#include "firmware/smtp/ascii.h"

namespace privyseal::smtp {
namespace {

constexpr std::size_t kMaxEnvid = 100;
constexpr std::size_t kMaxOrcpt = 500;
constexpr std::array<std::string_view, 3> kEvents{"SUCCESS", "FAILURE", "DELAY"};

/// The value of an upper-case hexadecimal digit, or 16.
unsigned value_of(char digit) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  return static_cast<unsigned>(std::min(kDigits.find(digit), kDigits.size()));
}

/// +XX for a character that is no control character.
bool is_hexchar(std::string_view text) {
  if (text.size() < 3) return false;
  const unsigned high = value_of(text[1]);
  const unsigned low = value_of(text[2]);
  return high < 16 && low < 16 && is_printable(static_cast<char>(high * 16 + low));
}

}  // namespace

bool is_xtext(std::string_view text) {
  while (!text.empty()) {
    const bool is_hex = text.starts_with('+');
    if (is_hex ? !is_hexchar(text) : !is_graphic(text.front()) || text.front() == '=') return false;
    text.remove_prefix(is_hex ? 3 : 1);
  }
  return true;
}

bool is_dsn_ret(std::string_view value) {
  return equals_ignoring_case(value, "FULL") || equals_ignoring_case(value, "HDRS");
}

bool is_dsn_envid(std::string_view value) {
  return !value.empty() && value.size() <= kMaxEnvid && is_xtext(value);
}

bool is_dsn_notify(std::string_view value) {
  if (equals_ignoring_case(value, "NEVER")) return true;
  std::array<bool, kEvents.size()> seen{};
  for (;;) {
    const std::string_view word = value.substr(0, value.find(','));
    const auto* event = std::ranges::find_if(
        kEvents, [&](std::string_view name) { return equals_ignoring_case(name, word); });
    if (event == kEvents.end()) return false;
    bool& is_seen = seen.at(static_cast<std::size_t>(event - kEvents.begin()));
    if (is_seen) return false;
    is_seen = true;
    if (word.size() == value.size()) return true;
    value.remove_prefix(word.size() + 1);
  }
}

bool is_dsn_orcpt(std::string_view value) {
  const std::size_t semicolon = value.find(';');
  if (value.size() > kMaxOrcpt || semicolon == std::string_view::npos || semicolon == 0) return false;
  const std::string_view type = value.substr(0, semicolon);
  const std::string_view address = value.substr(semicolon + 1);
  return std::ranges::all_of(type, [](char c) { return is_alnum(c) || c == '-'; }) && !address.empty() &&
         is_xtext(address);
}

}  // namespace privyseal::smtp
