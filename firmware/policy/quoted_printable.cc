#include "firmware/policy/quoted_printable.h"

#include <charconv>

namespace privyseal::policy {

std::string decode_quoted_printable(std::string_view text, QuotedPrintable where) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const std::string_view digits = text.substr(i + 1, 2);
    unsigned value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
    if (text[i] == '=' && error == std::errc() && digits.size() == 2 && end == digits.data() + 2) {
      decoded += static_cast<char>(value);
      i += 2;
    } else {
      decoded += where == QuotedPrintable::kWord && text[i] == '_' ? ' ' : text[i];
    }
  }
  return decoded;
}

}  // namespace privyseal::policy
