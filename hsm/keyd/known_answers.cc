#include "hsm/keyd/known_answers.h"

#include <array>
#include <charconv>
#include <string>
#include <string_view>

#include "firmware/base/check.h"
#include "hsm/key_kind.h"
#include "hsm/keyd/public_key.h"

namespace privyseal::keyd {
namespace {

struct Vector {
  std::string_view name;
  hsm::KeyType type;
  Scheme scheme;
  std::string_view key;  ///< the point, or the modulus
  std::string_view message;
  std::string_view digest;  ///< of the message; for Ed25519 the message
  std::string_view signature;
};

// Of RSA keys there are no signatures in RFC 8017. These are of Project Wycheproof:
// rsa_pss_2048_sha256_mgf1_32 and rsa_signature_2048_sha256, number 3 of both.
constexpr std::string_view kModulus =
    "a2b451a07d0aa5f96e455671513550514a8a5b462ebef717094fa1fee82224e637f9746d3f7cafd31878d80325b6ef5a"
    "1700f65903b469429e89d6eac8845097b5ab393189db92512ed8a7711a1253facd20f79c15e8247f3d3e42e46e48c98e"
    "254a2fe9765313a03eff8f17e1a029397a1fa26a8dce26f490ed81299615d9814c22da610428e09c7d9658594266f5c0"
    "21d0fceca08d945a12be82de4d1ece6b4c03145b5d3495d4ed5411eb878daf05fd7afc3e09ada0f1126422f590975a19"
    "69816f48698bcbba1b4d9cae79d460d8f9f85e7975005d9bc22c4e5ac0f7c1a45d12569a62807d3b9a02e5a530e77306"
    "6f453d1f5b4c2e9cf7820283f742b9d5";

constexpr std::array kVectors{
    Vector{.name = "ECDSA P-256 with SHA-256",
           .type = hsm::KeyType::kEcP256,
           .scheme = Scheme::kEcdsaSha256,
           .key = "0460fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"
                  "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299",
           .message = "sample",
           .digest = "af2bdbe1aa9b6ec1e2ade1d694f41fc71a831d0268e9891562113d8a62add1bf",
           .signature = "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"
                        "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8"},
    Vector{.name = "ECDSA P-384 with SHA-384",
           .type = hsm::KeyType::kEcP384,
           .scheme = Scheme::kEcdsaSha384,
           .key = "04ec3a4e415b4e19a4568618029f427fa5da9a8bc4ae92e02e06aae5286b300c64"
                  "def8f0ea9055866064a254515480bc13"
                  "8015d9b72d7d57244ea8ef9ac0c621896708a59367f9dfb9f54ca84b3f1c9db1"
                  "288b231c3ae0d4fe7344fd2533264720",
           .message = "sample",
           .digest = "9a9083505bc92276aec4be312696ef7bf3bf603f4bbd381196a029f340585312"
                     "313bca4a9b5b890efee42c77b1ee25fe",
           .signature = "94edbb92a5ecb8aad4736e56c691916b3f88140666ce9fa73d64c4ea95ad133c"
                        "81a648152e44acf96e36dd1e80fabe46"
                        "99ef4aeb15f178cea1fe40db2603138f130e740a19624526203b6351d0a3a94f"
                        "a329c145786e679e7b82c71a38628ac8"},
    Vector{.name = "Ed25519",
           .type = hsm::KeyType::kEd25519,
           .scheme = Scheme::kEd25519,
           .key = "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
           .message = "r",
           .digest = "72",
           .signature = "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
                        "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"},
    Vector{
        .name = "RSA-PSS with SHA-256",
        .type = hsm::KeyType::kRsa2048,
        .scheme = Scheme::kPssSha256,
        .key = kModulus,
        .message = "Test",
        .digest = "532eaabd9574880dbf76b9b8cc00832c20a6ec113d682299550d7a6e0f345e25",
        .signature =
            "401eb03cdb47ca88033e3030f6bdecbac8f5c8fc1dd6a13d23d379ed9a2b309891d13d74fea9d21d159b9e6d8f37efa2"
            "489962e24555f56dd434ff1d31ce4f9f5abd3f22cbea8b691d6a11e44efb83e2bca155e6a164325e0fde2a8865afd5c9"
            "f51161a9d615f62af7ec2e31b3e5ab649c164490d31d88cfae35b84aea7925690f929a144b6d2f48e8fb894a52deecd1"
            "b9a6496990c4ecf1588699a42cacd10c53af350514e4291ea9a058e77f101e32c1c0cefa61d945f7bc931f8bd19e7ba3"
            "169358a60e5a8b0123bc3199b9fdcafe8e519c41ba675491a27b85e44ef2d77277c10fe107293c8290186913bc9a99b6"
            "40d8da041b64f31eab1d35920985f4a5"},
    Vector{
        .name = "RSA PKCS#1 v1.5 with SHA-256",
        .type = hsm::KeyType::kRsa2048,
        .scheme = Scheme::kPkcs1Sha256,
        .key = kModulus,
        .message = "Test",
        .digest = "532eaabd9574880dbf76b9b8cc00832c20a6ec113d682299550d7a6e0f345e25",
        .signature =
            "264491e844c119f14e425c03282139a558dcdaeb82a4628173cd407fd319f9076eaebc0dd87a1c22e4d17839096886d5"
            "8a9d5b7f7aeb63efec56c45ac7bead4203b6886e1faa90e028ec0ae094d46bf3f97efdd19045cfbc25a1abda2432639f"
            "9876405c0d68f8edbf047c12a454f7681d5d5a2b54bd3723d193dbad4338baad753264006e2d08931c4b8bb79aa1c9ca"
            "d10eb6605f87c5831f6e2b08e002f9c6f21141f5841d92727dd3e1d99c36bc560da3c9067df99fcaf818941f72588be3"
            "3032bad22caf6704223bb114d575b6d02d9d222b580005d930e8f40cce9f672eebb634a20177d84351627964b83f2053"
            "d736a84ab1a005f63bd5ba943de6205c"},
};

// The hash that none of the signatures has: FIPS 180-4, of "abc".
constexpr std::string_view kSha512OfAbc =
    "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
    "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f";

Bytes from_hex(std::string_view digits) {
  Bytes bytes(digits.size() / 2);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    std::uint8_t value = 0;
    constexpr int kHexadecimal = 16;
    CHECK(std::from_chars(&digits[2 * i], &digits[2 * i] + 2, value, kHexadecimal).ec == std::errc{});
    bytes[i] = std::byte{value};
  }
  return bytes;
}

Result<PublicKey> key_of(const Vector& vector) {
  constexpr std::string_view kExponent = "010001";
  const Bytes key = from_hex(vector.key);
  switch (hsm::kind_of(vector.type).family) {
    case hsm::KeyFamily::kEc:
      return PublicKey::from_ec_point(vector.type, key);
    case hsm::KeyFamily::kEd25519:
      return PublicKey::from_ed25519_point(key);
    case hsm::KeyFamily::kRsa:
      return PublicKey::from_rsa(vector.type, key, from_hex(kExponent));
  }
  CHECK(false);
}

Result<Bytes> signature_of(const Vector& vector) {
  Bytes raw = from_hex(vector.signature);
  if (hsm::kind_of(vector.type).family == hsm::KeyFamily::kEc) return ecdsa_sig_value(vector.type, raw);
  return raw;
}

bool answers_as_known(const Vector& vector) {
  const ByteView message = bytes_of(vector.message);
  if (digest_for(vector.scheme, message) != from_hex(vector.digest)) return false;
  const auto key = key_of(vector);
  const auto signature = signature_of(vector);
  if (!key || !signature || !key->verifies(vector.scheme, message, *signature)) return false;
  Bytes other = copy_of(message);
  other.back() ^= std::byte{1};
  return !key->verifies(vector.scheme, other, *signature);
}

}  // namespace

Result<void> check_known_answers() {
  for (const Vector& vector : kVectors)
    if (!answers_as_known(vector))
      return fail(ErrorCode::kInvalid,
                  "self test: " + std::string(vector.name) + " does not give the known answer");
  if (digest_for(Scheme::kPssSha512, bytes_of("abc")) != from_hex(kSha512OfAbc))
    return fail(ErrorCode::kInvalid, "self test: SHA-512 does not give the known answer");
  return {};
}

}  // namespace privyseal::keyd
