#include "ca/der.h"

#include <optional>

#include "firmware/base/check.h"

namespace privyseal::ca::der {
namespace {

constexpr int kMaxNesting = 32;

void append_length(Bytes& out, std::size_t length) {
  CHECK(length <= 0xffff);
  if (length >= 0x100) {
    out.push_back(std::byte{0x82});
    out.push_back(static_cast<std::byte>(length >> 8));
  } else if (length >= 0x80) {
    out.push_back(std::byte{0x81});
  }
  out.push_back(static_cast<std::byte>(length & 0xff));
}

/// Takes a length off the front; nothing if it is not spelled as DER does.
std::optional<std::size_t> take_length(ByteView& rest) {
  if (rest.empty()) return std::nullopt;
  const auto first = std::to_integer<std::size_t>(rest[0]);
  rest = rest.subspan(1);
  if (first < 0x80) return first;
  const std::size_t octets = first - 0x80;
  if (octets < 1 || octets > 3 || rest.size() < octets) return std::nullopt;
  std::size_t length = 0;
  for (const std::byte octet : rest.first(octets)) length = length << 8 | std::to_integer<std::size_t>(octet);
  rest = rest.subspan(octets);
  const bool is_shortest = length >= 0x80 && (length >> (8 * (octets - 1))) != 0;
  return is_shortest ? std::optional(length) : std::nullopt;
}

bool is_der(ByteView rest, int nesting) {
  constexpr std::byte kConstructed{0x20};
  constexpr std::byte kLongTag{0x1f};
  if (nesting > kMaxNesting) return false;
  while (!rest.empty()) {
    const std::byte tag = rest[0];
    rest = rest.subspan(1);
    const auto length = take_length(rest);
    if ((tag & kLongTag) == kLongTag || !length || *length > rest.size()) return false;
    if ((tag & kConstructed) != std::byte{} && !is_der(rest.first(*length), nesting + 1)) return false;
    rest = rest.subspan(*length);
  }
  return true;
}

}  // namespace

Bytes tagged(Tag tag, ByteView content) {
  Bytes out{static_cast<std::byte>(tag)};
  append_length(out, content.size());
  append(out, content);
  return out;
}

Bytes sequence(std::initializer_list<ByteView> parts) {
  Bytes content;
  for (const ByteView part : parts) append(content, part);
  return tagged(Tag::kSequence, content);
}

Bytes bit_string(ByteView content) {
  Bytes bits{std::byte{0}};
  append(bits, content);
  return tagged(Tag::kBitString, bits);
}

Bytes unsigned_integer(ByteView big_endian) {
  while (big_endian.size() > 1 && big_endian[0] == std::byte{0}) big_endian = big_endian.subspan(1);
  Bytes content;
  if (big_endian.empty() || (big_endian[0] & std::byte{0x80}) != std::byte{}) content.push_back(std::byte{0});
  append(content, big_endian);
  return tagged(Tag::kInteger, content);
}

bool is_der(ByteView bytes) { return !bytes.empty() && is_der(bytes, 0); }

}  // namespace privyseal::ca::der
