#include "firmware/base/audit/json_line.h"

#include <algorithm>

namespace privyseal::audit {
namespace {

constexpr std::string_view kReplacement = "\xef\xbf\xbd";  // U+FFFD

bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

/// The length of the well-formed UTF-8 character at the front (Unicode 15, table 3-7); 0: there is none.
std::size_t character_bytes(std::string_view text) {
  const auto first = static_cast<unsigned char>(text[0]);
  if (first < 0x80) return 1;
  const std::size_t length = first >= 0xc2 && first <= 0xdf ? 2 : first >= 0xe0 && first <= 0xef ? 3 : 4;
  if (first < 0xc2 || first > 0xf4 || text.size() < length) return 0;
  if (!std::ranges::all_of(text.substr(1, length - 1), is_continuation)) return 0;
  const auto second = static_cast<unsigned char>(text[1]);
  if ((first == 0xe0 && second < 0xa0) || (first == 0xed && second > 0x9f) ||
      (first == 0xf0 && second < 0x90) || (first == 0xf4 && second > 0x8f))
    return 0;
  return length;
}

void append_control(std::string& line, unsigned char control) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  constexpr std::string_view kNamed = "\b\f\n\r\t";
  constexpr std::string_view kNames = "bfnrt";
  if (const auto at = kNamed.find(static_cast<char>(control)); at != std::string_view::npos) {
    line += '\\';
    line += kNames[at];
    return;
  }
  line += "\\u00";
  line += kDigits[control >> 4];
  line += kDigits[control & 15];
}

void append_string(std::string& line, std::string_view text) {
  line += '"';
  while (!text.empty()) {
    const std::size_t length = character_bytes(text);
    const auto first = static_cast<unsigned char>(text[0]);
    if (length == 0) {
      line += kReplacement;
    } else if (first < 0x20) {
      append_control(line, first);
    } else {
      if (first == '"' || first == '\\') line += '\\';
      line += text.substr(0, length);
    }
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  line += '"';
}

}  // namespace

void JsonLine::begin(std::string_view key) {
  if (line_.size() > 1) line_ += ',';
  append_string(line_, key);
  line_ += ':';
}

JsonLine& JsonLine::text(std::string_view key, std::string_view value) {
  begin(key);
  append_string(line_, value);
  return *this;
}

JsonLine& JsonLine::number(std::string_view key, std::int64_t value) {
  begin(key);
  line_ += std::to_string(value);
  return *this;
}

JsonLine& JsonLine::null(std::string_view key) {
  begin(key);
  line_ += "null";
  return *this;
}

}  // namespace privyseal::audit
