#include "web-admin/server/form.h"

#include <cstdint>

#include "firmware/base/words.h"

namespace privyseal::web {
namespace {

constexpr std::size_t kMaxBoundary = 70;  // RFC 2046 section 5.1.1

std::optional<unsigned> hex_digit(char c) {
  if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a' + 10);
  if (c >= 'A' && c <= 'F') return static_cast<unsigned>(c - 'A' + 10);
  return {};
}

std::optional<std::string> unescaped(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+') {
      out += ' ';
    } else if (text[i] != '%') {
      out += text[i];
    } else {
      if (i + 2 >= text.size()) return {};
      const auto high = hex_digit(text[i + 1]);
      const auto low = hex_digit(text[i + 2]);
      if (!high || !low) return {};
      out += static_cast<char>(*high << 4 | *low);
      i += 2;
    }
  }
  return out;
}

/// How many bytes the UTF-8 sequence at the front of `text` has; 0: it is none (RFC 3629).
std::size_t utf8_sequence(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned lead = byte(0);
  if (lead < 0x80) return 1;
  const std::size_t size = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || text.size() < size) return 0;
  for (std::size_t i = 1; i < size; ++i)
    if ((byte(i) & 0xC0) != 0x80) return 0;
  const unsigned second = byte(1);
  const bool overlong_or_surrogate = (lead == 0xE0 && second < 0xA0) || (lead == 0xED && second > 0x9F) ||
                                     (lead == 0xF0 && second < 0x90) || (lead == 0xF4 && second > 0x8F);
  return overlong_or_surrogate ? 0 : size;
}

bool is_clean_text(std::string_view text) {
  while (!text.empty()) {
    const char c = text.front();
    if ((static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\r' && c != '\t') || c == 0x7f)
      return false;
    const std::size_t size = utf8_sequence(text);
    if (size == 0) return false;
    text.remove_prefix(size);
  }
  return true;
}

/// The value of `key="..."` in a Content-Disposition.
std::optional<std::string> quoted_parameter(std::string_view header, std::string_view key) {
  const auto at = header.find("; " + std::string(key) + "=\"");
  if (at == std::string_view::npos) return {};
  const auto begin = at + key.size() + 4;
  const auto end = header.find('"', begin);
  if (end == std::string_view::npos) return {};
  return std::string(header.substr(begin, end - begin));
}

std::optional<std::string> boundary_of(std::string_view content_type) {
  constexpr std::string_view kType = "multipart/form-data; boundary=";
  if (!content_type.starts_with(kType)) return {};
  std::string_view boundary = content_type.substr(kType.size());
  if (boundary.size() >= 2 && boundary.front() == '"' && boundary.back() == '"')
    boundary = boundary.substr(1, boundary.size() - 2);
  if (boundary.empty() || boundary.size() > kMaxBoundary) return {};
  return std::string(boundary);
}

/// One part: its header lines, an empty line, its content.
bool add_part(std::string_view part, Fields& fields) {
  const auto blank = part.find("\r\n\r\n");
  if (blank == std::string_view::npos) return false;
  const std::string_view headers = part.substr(0, blank);
  constexpr std::string_view kDisposition = "Content-Disposition: form-data";
  const auto at = headers.find(kDisposition);
  if (at == std::string_view::npos) return false;
  const auto line = headers.substr(at, headers.find("\r\n", at) - at);
  auto name = quoted_parameter(line, "name");
  return name && fields.add(std::move(*name), std::string(part.substr(blank + 4)));
}

}  // namespace

std::string Fields::text(std::string_view name) const {
  const auto found = values_.find(name);
  return found == values_.end() ? std::string() : std::string(trimmed(found->second));
}

bool Fields::add(std::string name, std::string value) {
  if (name.empty() || values_.size() == kMaxFields || !is_clean_text(name) || !is_clean_text(value))
    return false;
  return values_.emplace(std::move(name), std::move(value)).second;
}

Result<Fields> parse_urlencoded(std::string_view text) {
  Fields fields;
  while (!text.empty()) {
    const auto end = text.find('&');
    const std::string_view pair = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
    const auto equals = pair.find('=');
    auto name = unescaped(pair.substr(0, equals));
    auto value = unescaped(equals == std::string_view::npos ? std::string_view() : pair.substr(equals + 1));
    if (!name || !value || !fields.add(std::move(*name), std::move(*value)))
      return fail(ErrorCode::kInvalid, "form: a field is malformed");
  }
  return fields;
}

Result<Fields> parse_multipart(std::string_view content_type, std::string_view body) {
  const auto boundary = boundary_of(content_type);
  if (!boundary) return fail(ErrorCode::kInvalid, "form: no boundary");
  const std::string opening = "--" + *boundary;
  const std::string between = "\r\n" + opening;
  if (!body.starts_with(opening)) return fail(ErrorCode::kInvalid, "form: does not begin with its boundary");
  body.remove_prefix(opening.size());
  Fields fields;
  while (!body.starts_with("--")) {
    const auto end = body.find(between);
    if (!body.starts_with("\r\n") || end == std::string_view::npos || end < 2 ||
        !add_part(body.substr(2, end - 2), fields))
      return fail(ErrorCode::kInvalid, "form: a part is malformed");
    body.remove_prefix(end + between.size());
  }
  return fields;
}

std::string url_escaped(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '.' || c == '_' || c == '~' || c == '-';
    if (plain) {
      out += c;
    } else {
      out += '%';
      out += kDigits[byte >> 4];
      out += kDigits[byte & 15];
    }
  }
  return out;
}

}  // namespace privyseal::web
