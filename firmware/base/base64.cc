#include "firmware/base/base64.h"

#include <algorithm>
#include <cstdint>

namespace privyseal {
namespace {

enum class Alphabet { kPlain, kUrl };

constexpr std::string_view digits_of(Alphabet alphabet) {
  return alphabet == Alphabet::kPlain ? "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
                                      : "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
}

constexpr bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

std::unexpected<Error> malformed() { return fail(ErrorCode::kInvalid, "base64: malformed"); }

/// Gives `put` one digit after the other, without padding.
template <class Put>
void encode(ByteView bytes, Alphabet alphabet, Put put) {
  const std::string_view digits = digits_of(alphabet);
  std::uint32_t bits = 0;
  unsigned waiting = 0;  // of bits
  for (const std::byte byte : bytes) {
    bits = (bits << 8 | std::to_integer<std::uint32_t>(byte)) & 0xffff;
    waiting += 8;
    for (; waiting >= 6; waiting -= 6) put(digits[bits >> (waiting - 6) & 63]);
  }
  if (waiting > 0) put(digits[bits << (6 - waiting) & 63]);
}

template <class Put>
void encode_padded(ByteView bytes, Put put) {
  encode(bytes, Alphabet::kPlain, put);
  for (std::size_t size = bytes.size(); size % 3 != 0; ++size) put('=');
}

/// `text` without its padding.
Result<Bytes> decode(std::string_view text, Alphabet alphabet) {
  const std::string_view digits = digits_of(alphabet);
  Bytes bytes;
  bytes.reserve(text.size() * 3 / 4);
  std::uint32_t bits = 0;
  unsigned waiting = 0;
  for (const char c : text) {
    const auto value = digits.find(c);
    if (value == std::string_view::npos) return malformed();
    bits = (bits << 6 | static_cast<std::uint32_t>(value)) & 0xffff;
    waiting += 6;
    if (waiting < 8) continue;
    waiting -= 8;
    bytes.push_back(static_cast<std::byte>(bits >> waiting & 0xff));
  }
  // A digit too many, or bits behind the last whole byte.
  if (waiting == 6 || (bits & ((1U << waiting) - 1)) != 0) return malformed();
  return bytes;
}

}  // namespace

std::string to_base64(ByteView bytes) {
  std::string text;
  text.reserve(base64_size(bytes));
  encode_padded(bytes, [&text](char c) { text += c; });
  return text;
}

Result<Bytes> from_base64(std::string_view text) {
  if (text.size() % 4 != 0) return malformed();
  for (int padding = 0; padding < 2 && text.ends_with('='); ++padding) text.remove_suffix(1);
  return decode(text, Alphabet::kPlain);
}

void append_base64(Bytes& to, ByteView bytes) {
  encode_padded(bytes, [&to](char c) { to.push_back(static_cast<std::byte>(c)); });
}

std::string to_base64_lines(ByteView bytes, Base64Lines lines) {
  std::string text;
  const std::string digits = to_base64(bytes);
  for (std::string_view rest = digits; !rest.empty();
       rest.remove_prefix(std::min(rest.size(), lines.most_digits)))
    text.append(rest.substr(0, lines.most_digits)).append(lines.end);
  return text;
}

Result<Bytes> from_base64_lines(std::string_view text) {
  std::string digits(text);
  std::erase_if(digits, is_space);
  return from_base64(digits);
}

std::string to_base64url(ByteView bytes) {
  std::string text;
  encode(bytes, Alphabet::kUrl, [&text](char c) { text += c; });
  return text;
}

Result<Bytes> from_base64url(std::string_view text) { return decode(text, Alphabet::kUrl); }

}  // namespace privyseal
