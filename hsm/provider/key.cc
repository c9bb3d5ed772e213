#include "hsm/provider/key.h"

#include <algorithm>
#include <array>

namespace privyseal::hsm::provider {
namespace {

using std::string_view_literals::operator""sv;

constexpr std::array kCurves{
    Curve{
        .type = KeyType::kEcP256,
        .group = "prime256v1",
        .bits = 256,
        .security_bits = 128,
        .point_bytes = 65,
        .max_signature_bytes = 72,
        .digest = "SHA2-256",
        .digest_alias = "SHA256",
        .public_key_prefix =
            "\x30\x59\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01"
            "\x07\x03\x42\x00"sv,
        .algorithm_id = "\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x02"sv,
    },
    Curve{
        .type = KeyType::kEcP384,
        .group = "secp384r1",
        .bits = 384,
        .security_bits = 192,
        .point_bytes = 97,
        .max_signature_bytes = 104,
        .digest = "SHA2-384",
        .digest_alias = "SHA384",
        .public_key_prefix =
            "\x30\x76\x30\x10\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x05\x2b\x81\x04\x00\x22\x03\x62\x00"sv,
        .algorithm_id = "\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x03"sv,
    },
};

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool is_same_name(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, {}, lower, lower);
}

}  // namespace

Result<SharedKey> key_of(const KeyInfo& info) {
  const auto curve = std::ranges::find(kCurves, info.type, &Curve::type);
  if (curve == kCurves.end()) return fail(ErrorCode::kInvalid, "key " + info.name + ": unknown type");
  const std::size_t prefix_bytes = curve->public_key_prefix.size();
  if (info.public_key.size() != prefix_bytes + curve->point_bytes ||
      !text_of(info.public_key).starts_with(curve->public_key_prefix) ||
      info.public_key[prefix_bytes] != std::byte{4})
    return fail(ErrorCode::kInvalid,
                "key " + info.name + ": its public key is no uncompressed point on its curve");
  return std::make_shared<const Key>(
      Key{info.name, &*curve, copy_of(ByteView(info.public_key).subspan(prefix_bytes))});
}

bool is_digest_of(const Curve& curve, std::string_view digest) {
  return is_same_name(digest, curve.digest) || is_same_name(digest, curve.digest_alias);
}

}  // namespace privyseal::hsm::provider
