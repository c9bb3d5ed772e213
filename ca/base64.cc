#include "ca/base64.h"

#include <cstdint>

namespace privyseal::ca {
namespace {

constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::size_t kLineLength = 76;

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

void append_group(std::string& text, ByteView group) {
  std::uint32_t bits = 0;
  for (std::size_t i = 0; i < 3; ++i)
    bits = bits << 8 | (i < group.size() ? std::to_integer<std::uint32_t>(group[i]) : 0);
  for (std::size_t i = 0; i < 4; ++i)
    text += i <= group.size() ? kAlphabet[bits >> (18 - 6 * i) & 0x3f] : '=';
}

std::unexpected<Error> not_base64() { return fail(ErrorCode::kInvalid, "base64: not that"); }

}  // namespace

std::string base64_lines(ByteView bytes) {
  std::string text;
  std::size_t line = 0;
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    append_group(text, bytes.subspan(at, std::min<std::size_t>(3, bytes.size() - at)));
    line += 4;
    if (line < kLineLength && at + 3 < bytes.size()) continue;
    text += "\r\n";
    line = 0;
  }
  return text;
}

Result<Bytes> parse_base64(std::string_view text) {
  Bytes bytes;
  std::uint32_t bits = 0;
  std::size_t digits = 0;
  std::size_t padding = 0;
  for (const char c : text) {
    if (is_space(c)) continue;
    const std::size_t value = kAlphabet.find(c);
    if (c == '=' ? ++padding > 2 : (value == std::string_view::npos || padding > 0)) return not_base64();
    if (c == '=') continue;
    bits = bits << 6 | static_cast<std::uint32_t>(value);
    if (++digits % 4 != 1)
      bytes.push_back(static_cast<std::byte>(bits >> (6 - 2 * ((digits - 1) % 4)) & 0xff));
  }
  if ((digits + padding) % 4 != 0 || digits % 4 == 1) return not_base64();
  // The bits behind the last whole octet say nothing, so they must be zero: one spelling only.
  if (const std::uint32_t stray = padding == 2 ? 0xf : padding == 1 ? 0x3 : 0; (bits & stray) != 0)
    return not_base64();
  return bytes;
}

}  // namespace privyseal::ca
