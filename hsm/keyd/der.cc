#include "hsm/keyd/der.h"

#include <array>
#include <optional>

#include "firmware/base/check.h"

namespace privyseal::keyd {
namespace {

constexpr std::size_t kMaxBytes = 0xffff;
constexpr int kMaxNesting = 32;
constexpr std::byte kSequence{0x30};

/// Takes one TLV off the front of `rest`; returns its tag, and its content in `content`.
std::optional<std::byte> take_tlv(ByteView& rest, ByteView& content) {
  if (rest.size() < 2) return std::nullopt;
  const std::byte tag = rest[0];
  if ((tag & std::byte{0x1f}) == std::byte{0x1f}) return std::nullopt;
  auto length = std::to_integer<std::size_t>(rest[1]);
  rest = rest.subspan(2);
  if (length >= 0x80) {
    const std::size_t octets = length - 0x80;
    if (octets < 1 || octets > 2 || rest.size() < octets) return std::nullopt;
    length = 0;
    for (const std::byte octet : rest.first(octets))
      length = length << 8 | std::to_integer<std::size_t>(octet);
    if (length < 0x80 || (octets == 2 && length < 0x100)) return std::nullopt;
    rest = rest.subspan(octets);
  }
  if (length > rest.size()) return std::nullopt;
  content = rest.first(length);
  rest = rest.subspan(length);
  return tag;
}

/// OpenSSL writes a BOOLEAN again as it read it.
bool is_boolean(ByteView content) {
  return content.size() == 1 && (content[0] == std::byte{0x00} || content[0] == std::byte{0xff});
}

bool is_der(ByteView rest, int nesting) {
  constexpr std::byte kConstructed{0x20};
  constexpr std::byte kBoolean{0x01};
  if (nesting > kMaxNesting) return false;
  while (!rest.empty()) {
    ByteView content;
    const auto tag = take_tlv(rest, content);
    if (!tag || (*tag == kBoolean && !is_boolean(content))) return false;
    if ((*tag & kConstructed) != std::byte{} && !is_der(content, nesting + 1)) return false;
  }
  return true;
}

void append_tlv(Bytes& out, std::byte tag, ByteView content) {
  const std::size_t length = content.size();
  CHECK(length <= kMaxBytes);
  out.push_back(tag);
  if (length >= 0x100) {
    out.push_back(std::byte{0x82});
    out.push_back(static_cast<std::byte>(length >> 8));
  } else if (length >= 0x80) {
    out.push_back(std::byte{0x81});
  }
  out.push_back(static_cast<std::byte>(length & 0xff));
  append(out, content);
}

}  // namespace

bool is_der(ByteView bytes) { return bytes.size() <= kMaxBytes && is_der(bytes, 0); }

ByteView content_of_sequence(ByteView der) {
  ByteView content;
  return take_tlv(der, content) == kSequence && der.empty() ? content : ByteView();
}

ByteView signature_algorithm_of(hsm::KeyType type) {
  static constexpr auto kWithSha256 =
      std::to_array<unsigned char>({0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02});
  static constexpr auto kWithSha384 =
      std::to_array<unsigned char>({0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x03});
  static constexpr auto kEd25519 = std::to_array<unsigned char>({0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70});
  static constexpr auto kRsaWithSha256 = std::to_array<unsigned char>(
      {0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b, 0x05, 0x00});
  switch (type) {
    case hsm::KeyType::kEcP256:
      return std::as_bytes(std::span(kWithSha256));
    case hsm::KeyType::kEcP384:
      return std::as_bytes(std::span(kWithSha384));
    case hsm::KeyType::kEd25519:
      return std::as_bytes(std::span(kEd25519));
    case hsm::KeyType::kRsa2048:
    case hsm::KeyType::kRsa3072:
    case hsm::KeyType::kRsa4096:
      return std::as_bytes(std::span(kRsaWithSha256));
  }
  CHECK(false);
}

Bytes with_empty_signature(ByteView to_be_signed, hsm::KeyType type) {
  static constexpr auto kEmptyBitString = std::to_array<unsigned char>({0x03, 0x01, 0x00});
  Bytes content = copy_of(to_be_signed);
  append(content, signature_algorithm_of(type));
  append(content, std::as_bytes(std::span(kEmptyBitString)));
  Bytes whole;
  append_tlv(whole, kSequence, content);
  return whole;
}

}  // namespace privyseal::keyd
