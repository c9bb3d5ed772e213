#include "hsm/keyd/tls12.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "hsm/keyd/der.h"

namespace privyseal::keyd {
namespace {

using namespace std::string_view_literals;

constexpr std::size_t kRandomBytes = 32;
constexpr std::string_view kSpeaksTls13Too = "DOWNGRD\x01"sv;
constexpr std::size_t kMarkAt = 2 * kRandomBytes - kSpeaksTls13Too.size();
constexpr std::size_t kParametersAt = 2 * kRandomBytes;
constexpr std::byte kUncompressed{0x04};

/// named_curve, NamedCurve, length of the point (RFC 8422 sections 5.1.1 and 5.4).
struct Curve {
  std::string_view head;
  std::size_t point_bytes;
  bool is_uncompressed;
};
constexpr std::array kCurves{
    Curve{.head = "\x03\x00\x1d\x20"sv, .point_bytes = 32, .is_uncompressed = false},  // x25519
    Curve{.head = "\x03\x00\x17\x41"sv, .point_bytes = 65, .is_uncompressed = true},   // secp256r1
    Curve{.head = "\x03\x00\x18\x61"sv, .point_bytes = 97, .is_uncompressed = true},   // secp384r1
};

bool is_key_agreement(ByteView parameters) {
  return std::ranges::any_of(kCurves, [&](const Curve& curve) {
    return parameters.size() == curve.head.size() + curve.point_bytes &&
           text_of(parameters).starts_with(curve.head) &&
           (!curve.is_uncompressed || parameters[curve.head.size()] == kUncompressed);
  });
}

}  // namespace

bool is_server_key_exchange(ByteView message) {
  return message.size() > kParametersAt &&
         text_of(message).substr(kMarkAt, kSpeaksTls13Too.size()) == kSpeaksTls13Too &&
         is_key_agreement(message.subspan(kParametersAt)) &&
         (content_of_sequence(message).empty() || !is_der(message));
}

}  // namespace privyseal::keyd
