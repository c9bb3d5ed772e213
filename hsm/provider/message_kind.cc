#include "hsm/provider/message_kind.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace privyseal::hsm::provider {
namespace {

/// The content of the SEQUENCE that the message begins with; empty when it does not.
ByteView sequence_content(ByteView message) {
  constexpr std::byte kSequence{0x30};
  constexpr std::size_t kLongForm = 0x80;
  if (message.size() < 2 || message[0] != kSequence) return {};
  const auto length = std::to_integer<std::size_t>(message[1]);
  const std::size_t further = length > kLongForm ? length - kLongForm : 0;
  if (length == kLongForm || further > sizeof(std::uint32_t) || message.size() < 2 + further) return {};
  return message.subspan(2 + further);
}

/// Of a server that speaks TLS 1.3 too; keyd signs for no other (RFC 8446 section 4.1.3).
bool is_server_key_exchange(ByteView message) {
  constexpr std::size_t kRandomsBytes = 64;
  constexpr std::string_view kEndOfRandom = "DOWNGRD\x01";
  constexpr std::byte kNamedCurve{0x03};
  return message.size() > kRandomsBytes && message[kRandomsBytes] == kNamedCurve &&
         text_of(message.first(kRandomsBytes)).ends_with(kEndOfRandom);
}

}  // namespace

std::optional<MessageKind> message_kind_of(ByteView message) {
  constexpr std::size_t kBlanks = 64;
  if (message.size() > kBlanks &&
      std::ranges::all_of(message.first(kBlanks), [](std::byte b) { return b == std::byte{' '}; }))
    return MessageKind::kTls13;
  if (is_server_key_exchange(message)) return MessageKind::kTls12;  // its beginning may look like anything
  // How the documents begin: with INTEGER 0, with [0] { INTEGER 2 }, with INTEGER 1 (their versions); an OCSP
  // response of version 1 with its responder [2] { OCTET STRING }.
  static constexpr std::array kRequest{std::byte{0x02}, std::byte{0x01}, std::byte{0x00}};
  static constexpr std::array kCertificate{std::byte{0xa0}, std::byte{0x03}, std::byte{0x02}, std::byte{0x01},
                                           std::byte{0x02}};
  static constexpr std::array kCrl{std::byte{0x02}, std::byte{0x01}, std::byte{0x01}};
  static constexpr std::array kOcsp{std::byte{0xa2}, std::byte{0x16}, std::byte{0x04}, std::byte{0x14}};
  const ByteView content = sequence_content(message);
  const auto begins_with = [&](ByteView begin) {
    return content.size() >= begin.size() && std::ranges::equal(content.first(begin.size()), begin);
  };
  if (begins_with(kRequest)) return MessageKind::kRequest;
  if (begins_with(kCertificate)) return MessageKind::kCertificate;
  if (begins_with(kCrl)) return MessageKind::kCrl;
  if (begins_with(kOcsp)) return MessageKind::kOcsp;
  return std::nullopt;
}

}  // namespace privyseal::hsm::provider
