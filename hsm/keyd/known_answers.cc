#include "hsm/keyd/known_answers.h"

#include <array>
#include <charconv>
#include <string>
#include <string_view>

#include "firmware/base/check.h"
#include "hsm/keyd/public_key.h"

namespace privyseal::keyd {
namespace {

struct Vector {
  std::string_view name;
  hsm::KeyType type;
  std::string_view point;   ///< uncompressed
  std::string_view digest;  ///< of kMessage
  std::string_view signature;
};

constexpr std::string_view kMessage = "sample";
constexpr std::string_view kOther = "samplf";

constexpr std::array kVectors{
    Vector{.name = "ECDSA P-256 with SHA-256",
           .type = hsm::KeyType::kEcP256,
           .point = "0460fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"
                    "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299",
           .digest = "af2bdbe1aa9b6ec1e2ade1d694f41fc71a831d0268e9891562113d8a62add1bf",
           .signature = "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"
                        "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8"},
    Vector{.name = "ECDSA P-384 with SHA-384",
           .type = hsm::KeyType::kEcP384,
           .point = "04ec3a4e415b4e19a4568618029f427fa5da9a8bc4ae92e02e06aae5286b300c64"
                    "def8f0ea9055866064a254515480bc13"
                    "8015d9b72d7d57244ea8ef9ac0c621896708a59367f9dfb9f54ca84b3f1c9db1"
                    "288b231c3ae0d4fe7344fd2533264720",
           .digest = "9a9083505bc92276aec4be312696ef7bf3bf603f4bbd381196a029f340585312"
                     "313bca4a9b5b890efee42c77b1ee25fe",
           .signature = "94edbb92a5ecb8aad4736e56c691916b3f88140666ce9fa73d64c4ea95ad133c"
                        "81a648152e44acf96e36dd1e80fabe46"
                        "99ef4aeb15f178cea1fe40db2603138f130e740a19624526203b6351d0a3a94f"
                        "a329c145786e679e7b82c71a38628ac8"},
};

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

bool answers_as_known(const Vector& vector) {
  if (digest_for(vector.type, bytes_of(kMessage)) != from_hex(vector.digest)) return false;
  const auto key = PublicKey::from_ec_point(vector.type, from_hex(vector.point));
  const auto signature = ecdsa_sig_value(vector.type, from_hex(vector.signature));
  return key && signature && key->verifies(bytes_of(kMessage), *signature) &&
         !key->verifies(bytes_of(kOther), *signature);
}

}  // namespace

Result<void> check_known_answers() {
  for (const Vector& vector : kVectors)
    if (!answers_as_known(vector))
      return fail(ErrorCode::kInvalid,
                  "self test: " + std::string(vector.name) + " does not give the known answer");
  return {};
}

}  // namespace privyseal::keyd
