#include "hsm/provider/key.h"

#include <algorithm>
#include <array>

namespace privyseal::hsm::provider {
namespace {

using std::string_view_literals::operator""sv;

constexpr auto kExponentBehind = "\x02\x03\x01\x00\x01"sv;
constexpr auto kRsaWithSha256 = "\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b\x05\x00"sv;

/// Security bits as OpenSSL gives them for the size (NIST SP 800-57 part 1 table 2).
constexpr Kind rsa(KeyType type, int bits, int security_bits, std::string_view prefix) {
  const auto bytes = static_cast<std::size_t>(bits) / 8;
  return {.type = type,
          .family = KeyFamily::kRsa,
          .group = nullptr,
          .bits = bits,
          .security_bits = security_bits,
          .public_bytes = bytes,
          .max_signature_bytes = bytes,
          .digest = "SHA2-256",
          .digest_hash = Hash::kSha256,
          .public_key_prefix = prefix,
          .public_key_suffix = kExponentBehind,
          .algorithm_id = kRsaWithSha256};
}

constexpr std::array kKinds{
    Kind{
        .type = KeyType::kEcP256,
        .family = KeyFamily::kEc,
        .group = "prime256v1",
        .bits = 256,
        .security_bits = 128,
        .public_bytes = 65,
        .max_signature_bytes = 72,
        .digest = "SHA2-256",
        .digest_hash = Hash::kSha256,
        .public_key_prefix =
            "\x30\x59\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01"
            "\x07\x03\x42\x00"sv,
        .public_key_suffix = {},
        .algorithm_id = "\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x02"sv,
    },
    Kind{
        .type = KeyType::kEcP384,
        .family = KeyFamily::kEc,
        .group = "secp384r1",
        .bits = 384,
        .security_bits = 192,
        .public_bytes = 97,
        .max_signature_bytes = 104,
        .digest = "SHA2-384",
        .digest_hash = Hash::kSha384,
        .public_key_prefix =
            "\x30\x76\x30\x10\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x05\x2b\x81\x04\x00\x22\x03\x62\x00"sv,
        .public_key_suffix = {},
        .algorithm_id = "\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x03"sv,
    },
    Kind{
        .type = KeyType::kEd25519,
        .family = KeyFamily::kEd25519,
        .group = nullptr,
        .bits = 256,
        .security_bits = 128,
        .public_bytes = 32,
        .max_signature_bytes = 64,
        .digest = "",
        .digest_hash = Hash::kOfKey,
        .public_key_prefix = "\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\x00"sv,
        .public_key_suffix = {},
        .algorithm_id = "\x30\x05\x06\x03\x2b\x65\x70"sv,
    },
    rsa(KeyType::kRsa2048, 2048, 112,
        "\x30\x82\x01\x22\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00\x03\x82\x01\x0f\x00"
        "\x30\x82\x01\x0a\x02\x82\x01\x01\x00"sv),
    rsa(KeyType::kRsa3072, 3072, 128,
        "\x30\x82\x01\xa2\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00\x03\x82\x01\x8f\x00"
        "\x30\x82\x01\x8a\x02\x82\x01\x81\x00"sv),
    rsa(KeyType::kRsa4096, 4096, 152,
        "\x30\x82\x02\x22\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00\x03\x82\x02\x0f\x00"
        "\x30\x82\x02\x0a\x02\x82\x02\x01\x00"sv),
};

struct HashNames {
  Hash hash;
  const char* name;        // as providers spell it
  std::string_view alias;  // as everybody else spells it
  int bytes;
};
constexpr std::array kHashes{HashNames{Hash::kSha256, "SHA2-256", "SHA256", 32},
                             HashNames{Hash::kSha384, "SHA2-384", "SHA384", 48},
                             HashNames{Hash::kSha512, "SHA2-512", "SHA512", 64}};

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

/// Only what the kind itself says; whether a point lies on its curve was keyd's to check.
bool is_public_part_of(const Kind& kind, ByteView part) {
  constexpr std::byte kUncompressed{4};
  constexpr std::byte kTopBit{0x80};
  if (kind.family == KeyFamily::kEc) return part[0] == kUncompressed;
  if (kind.family == KeyFamily::kRsa) return (part[0] & kTopBit) != std::byte{};
  return true;
}

}  // namespace

Result<SharedKey> key_of(const KeyInfo& info) {
  const auto kind = std::ranges::find(kKinds, info.type, &Kind::type);
  if (kind == kKinds.end()) return fail(ErrorCode::kInvalid, "key " + info.name + ": unknown type");
  const std::string_view whole = text_of(info.public_key);
  const std::size_t prefix_bytes = kind->public_key_prefix.size();
  if (whole.size() != prefix_bytes + kind->public_bytes + kind->public_key_suffix.size() ||
      !whole.starts_with(kind->public_key_prefix) || !whole.ends_with(kind->public_key_suffix))
    return fail(ErrorCode::kInvalid, "key " + info.name + ": its public key is not of its type");
  const ByteView part = ByteView(info.public_key).subspan(prefix_bytes, kind->public_bytes);
  if (!is_public_part_of(*kind, part))
    return fail(ErrorCode::kInvalid, "key " + info.name + ": its public key is not of its type");
  return std::make_shared<const Key>(Key{info.name, &*kind, copy_of(part)});
}

Bytes Key::public_key_info() const {
  Bytes info = copy_of(bytes_of(kind->public_key_prefix));
  append(info, public_part);
  append(info, bytes_of(kind->public_key_suffix));
  return info;
}

std::optional<Hash> hash_named(std::string_view digest) {
  for (const HashNames& row : kHashes)
    if (is_same_name(digest, row.name) || is_same_name(digest, row.alias)) return row.hash;
  return std::nullopt;
}

const char* digest_name(Hash hash) {
  const auto* row = std::ranges::find(kHashes, hash, &HashNames::hash);
  return row == kHashes.end() ? "" : row->name;
}

int digest_bytes(Hash hash) {
  const auto* row = std::ranges::find(kHashes, hash, &HashNames::hash);
  return row == kHashes.end() ? 0 : row->bytes;
}

bool is_same_name(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, {}, lower, lower);
}

}  // namespace privyseal::hsm::provider
