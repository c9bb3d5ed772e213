#include "firmware/smtp/utf8.h"

#include <algorithm>
#include <array>
#include <cstddef>

namespace privyseal::smtp {
namespace {

/// Which first byte is followed by what (RFC 3629 section 4, without U+0080 to U+009F).
struct Form {
  unsigned char first_from, first_to;
  unsigned char second_from, second_to;
  std::size_t size;
};
constexpr std::array kForms{
    Form{0xc2, 0xc2, 0xa0, 0xbf, 2}, Form{0xc3, 0xdf, 0x80, 0xbf, 2}, Form{0xe0, 0xe0, 0xa0, 0xbf, 3},
    Form{0xe1, 0xec, 0x80, 0xbf, 3}, Form{0xed, 0xed, 0x80, 0x9f, 3}, Form{0xee, 0xef, 0x80, 0xbf, 3},
    Form{0xf0, 0xf0, 0x90, 0xbf, 4}, Form{0xf1, 0xf3, 0x80, 0xbf, 4}, Form{0xf4, 0xf4, 0x80, 0x8f, 4},
};

bool is_between(char c, unsigned char from, unsigned char to) {
  const auto byte = static_cast<unsigned char>(c);
  return byte >= from && byte <= to;
}

/// Bytes of the character that `text` begins with; 0: none.
std::size_t size_of_first(std::string_view text) {
  if (is_between(text.front(), 0, 0x7f)) return 1;
  for (const Form& form : kForms) {
    if (!is_between(text.front(), form.first_from, form.first_to)) continue;
    if (text.size() < form.size || !is_between(text[1], form.second_from, form.second_to)) return 0;
    const auto rest = text.substr(2, form.size - 2);
    return std::ranges::all_of(rest, [](char c) { return is_between(c, 0x80, 0xbf); }) ? form.size : 0;
  }
  return 0;
}

}  // namespace

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const std::size_t size = size_of_first(text);
    if (size == 0) return false;
    text.remove_prefix(size);
  }
  return true;
}

bool is_ascii(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return is_between(c, 0, 0x7f); });
}

}  // namespace privyseal::smtp
