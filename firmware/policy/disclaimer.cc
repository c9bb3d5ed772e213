#include "firmware/policy/disclaimer.h"

#include <algorithm>
#include <format>
#include <vector>

#include "firmware/base/words.h"
#include "firmware/smtp/ascii.h"
#include "firmware/smtp/utf8.h"

namespace privyseal::policy {
namespace {

constexpr std::string_view kLineEnd = "\r\n";
constexpr std::size_t kLeastSigns = 12;         // fewer may stand in any mail
constexpr std::size_t kMostQuotedColumns = 75;  // and the = of a soft line break (RFC 2045 section 6.7)

struct Limits {
  std::size_t text_bytes;
  std::size_t line_bytes;
};
constexpr Limits kPlainLimits{.text_bytes = 2000, .line_bytes = 190};
constexpr Limits kHtmlLimits{.text_bytes = 16000, .line_bytes = 960};  // also html_of() the longest text

bool is_control(char c) { return (c >= 0 && c < ' ') || c == '\x7f'; }

/// Without empty lines at both ends, and without blanks at the end of each.
std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  std::size_t full = 0;  // lines up to the last that is not empty
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    line = line.substr(0, line.find_last_not_of(kBlanks) + 1);
    if (line.empty() && lines.empty()) continue;
    lines.push_back(line);
    if (!line.empty()) full = lines.size();
  }
  lines.resize(full);
  return lines;
}

/// What is wrong with it; empty: nothing.
std::string fault_of(std::string_view text, const std::vector<std::string_view>& lines,
                     const Limits& limits) {
  if (text.size() > limits.text_bytes) return std::format("must have at most {} bytes", limits.text_bytes);
  for (const std::string_view line : lines) {
    if (!smtp::is_utf8(line) || std::ranges::any_of(line, is_control))
      return "must be UTF-8 without control characters";
    if (line.size() > limits.line_bytes)
      return std::format("must have no line of more than {} bytes", limits.line_bytes);
    if (line.starts_with("--")) return "must have no line that begins with --";
  }
  return "";
}

std::string stuffed(const std::vector<std::string_view>& lines) {
  std::string text(kLineEnd);
  for (const std::string_view line : lines)
    text.append(line.starts_with('.') ? "." : "").append(line).append(kLineEnd);
  return text;
}

/// A dot or a hyphen at the beginning of a line is escaped: the line must be neither stuffed nor taken for
/// the end of a part.
std::string quoted_byte(char c, bool begins_line) {
  const bool is_plain = smtp::is_printable(c) && c != '=' && !(begins_line && (c == '.' || c == '-'));
  return is_plain ? std::string(1, c) : std::format("={:02X}", static_cast<unsigned char>(c));
}

std::string quoted(const std::vector<std::string_view>& lines) {
  std::string text(kLineEnd);
  for (const std::string_view line : lines) {
    std::size_t columns = 0;
    for (const char c : line) {
      std::string byte = quoted_byte(c, columns == 0);
      if (columns + byte.size() > kMostQuotedColumns) {
        text.append("=").append(kLineEnd);
        columns = 0;
        byte = quoted_byte(c, true);
      }
      columns += byte.size();
      text += byte;
    }
    text += kLineEnd;
  }
  return text;
}

Result<DisclaimerForm> form_of(std::string_view text, TextKind kind, const Limits& limits) {
  const auto lines = lines_of(text);
  if (auto fault = fault_of(text, lines, limits); !fault.empty())
    return fail(ErrorCode::kInvalid, std::move(fault));
  DisclaimerForm form{
      .raw = stuffed(lines), .quoted = quoted(lines), .is_ascii = smtp::is_ascii(text), .phrase = {}};
  SignReader reader(kind, TextEncoding::kNone);
  std::string signs;
  for (const char c : form.raw) reader.take(c, signs);
  if (reader.is_in_tag()) return fail(ErrorCode::kInvalid, "must have no tag that is left open");
  if (signs.size() < kLeastSigns)
    return fail(ErrorCode::kInvalid, std::format("must have at least {} letters or signs", kLeastSigns));
  form.phrase = Phrase(std::move(signs));
  return form;
}

/// The code point at the beginning of UTF-8, which is taken away.
char32_t take_code_point(std::string_view& text) {
  const auto first = static_cast<unsigned char>(text.front());
  const std::size_t size = first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
  char32_t point = size == 1 ? first : first & (0x7FU >> size);
  for (const char c : text.substr(1, size - 1))
    point = (point << 6) | (static_cast<unsigned char>(c) & 0x3FU);
  text.remove_prefix(std::min(size, text.size()));
  return point;
}

std::string escaped(std::string_view line) {
  std::string html;
  while (!line.empty()) {
    const char32_t point = take_code_point(line);
    if (point == '&')
      html += "&amp;";
    else if (point == '<')
      html += "&lt;";
    else if (point == '>')
      html += "&gt;";
    else if (point < 0x80)
      html += static_cast<char>(point);
    else
      html += std::format("&#{};", static_cast<std::uint32_t>(point));
  }
  return html;
}

}  // namespace

std::size_t Disclaimer::growth_bytes() const {
  return std::max(plain.raw.size(), plain.quoted.size()) + std::max(html.raw.size(), html.quoted.size());
}

Result<DisclaimerForm> plain_disclaimer(std::string_view text) {
  return form_of(text, TextKind::kPlain, kPlainLimits);
}

Result<DisclaimerForm> html_disclaimer(std::string_view html) {
  return form_of(html, TextKind::kHtml, kHtmlLimits);
}

std::string html_of(std::string_view text) {
  std::string html;
  for (const std::string_view line : lines_of(text))
    html += (html.empty() ? "<p>" : "<br>\n") + escaped(line);
  return html + "</p>";
}

}  // namespace privyseal::policy
