#include "firmware/smtp/dsn.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <string>

#include "firmware/smtp/ascii.h"
#include "firmware/smtp/utf8.h"

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

/// What xtext stands for: graphic characters but "=" for themselves, +XX for any byte. Nothing: it is
/// malformed.
std::optional<std::string> decoded(std::string_view text) {
  std::string bytes;
  while (!text.empty()) {
    const bool is_hex = text.starts_with('+');
    const unsigned high = is_hex && text.size() > 2 ? value_of(text[1]) : 16;
    const unsigned low = is_hex && text.size() > 2 ? value_of(text[2]) : 16;
    if (is_hex ? high > 15 || low > 15 : !is_graphic(text.front()) || text.front() == '=')
      return std::nullopt;
    bytes += is_hex ? static_cast<char>(high * 16 + low) : text.front();
    text.remove_prefix(is_hex ? 3 : 1);
  }
  return bytes;
}

bool is_printable_or_beyond_ascii(char c) { return is_printable(c) || !is_ascii({&c, 1}); }

}  // namespace

bool is_xtext(std::string_view text) {
  const auto bytes = decoded(text);
  return bytes && std::ranges::all_of(*bytes, is_printable);
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
  if (!std::ranges::all_of(type, [](char c) { return is_alnum(c) || c == '-'; })) return false;
  const auto bytes = decoded(address);
  return bytes && !bytes->empty() && is_utf8(*bytes) &&
         std::ranges::all_of(*bytes, is_printable_or_beyond_ascii);
}

}  // namespace privyseal::smtp
