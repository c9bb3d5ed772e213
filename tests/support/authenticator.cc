#include "tests/support/authenticator.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include <array>

#include "firmware/base/base64.h"
#include "firmware/base/check.h"
#include "firmware/base/sha256.h"

namespace privyseal::test {
namespace {

constexpr std::size_t kCredentialIdBytes = 32;
constexpr std::size_t kPointBytes = 65;  // 04, x, y
constexpr unsigned kUserPresent = 0x01;
constexpr unsigned kUserVerified = 0x04;
constexpr unsigned kHasCredential = 0x40;

void add(Bytes& bytes, std::initializer_list<unsigned> values) {
  for (const unsigned value : values) bytes.push_back(static_cast<std::byte>(value));
}

std::string client_data(const Ceremony& ceremony, const std::string& right_type) {
  return R"({"type":")" + (ceremony.type.empty() ? right_type : ceremony.type) + R"(","challenge":")" +
         to_base64url(ceremony.challenge) + R"(","origin":")" + ceremony.origin + R"(","crossOrigin":)" +
         (ceremony.is_cross_origin ? "true" : "false") + "}";
}

/// rpIdHash, flags, signature counter (WebAuthn section 6.1).
Bytes authenticator_data(const Ceremony& ceremony, unsigned more_flags, std::uint32_t count) {
  Bytes data;
  append(data, sha256(bytes_of(ceremony.rp_id)));
  add(data, {(ceremony.is_user_present ? kUserPresent : 0) | (ceremony.is_user_verified ? kUserVerified : 0) |
                 more_flags,
             count >> 24, count >> 16 & 255, count >> 8 & 255, count & 255});
  return data;
}

}  // namespace

Authenticator::Authenticator()
    : key_(EVP_EC_gen("P-256"), EVP_PKEY_free), credential_id_(kCredentialIdBytes) {
  CHECK(key_ != nullptr);
  CHECK(RAND_bytes(uchar(std::span<std::byte>(credential_id_)), kCredentialIdBytes) == 1);
}

Bytes Authenticator::public_key() const {
  std::array<unsigned char, kPointBytes> point{};
  std::size_t size = 0;
  CHECK(EVP_PKEY_get_octet_string_param(key_.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size(),
                                        &size) == 1);
  CHECK(size == kPointBytes);
  return copy_of(std::as_bytes(std::span(point)).subspan(1));
}

CreatedPasskey Authenticator::create(const Ceremony& ceremony) {
  const Bytes point = public_key();
  const ByteView xy = point;

  Bytes data = authenticator_data(ceremony, kHasCredential, count_);
  data.resize(data.size() + 16);  // AAGUID
  add(data, {0, kCredentialIdBytes});
  append(data, credential_id_);
  add(data, {0xA5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20});  // COSE: EC2, ES256, P-256, x
  append(data, xy.first(32));
  add(data, {0x22, 0x58, 0x20});  // y
  append(data, xy.subspan(32));

  Bytes object;
  add(object, {0xA3, 0x63});
  append(object, bytes_of("fmt"));
  add(object, {0x64});
  append(object, bytes_of("none"));
  add(object, {0x67});
  append(object, bytes_of("attStmt"));
  add(object, {0xA0, 0x68});
  append(object, bytes_of("authData"));
  add(object, {0x58, static_cast<unsigned>(data.size())});
  append(object, data);
  return {.client_data_json = client_data(ceremony, "webauthn.create"),
          .attestation_object = std::move(object)};
}

GivenAssertion Authenticator::get(const Ceremony& ceremony) {
  GivenAssertion given{.credential_id = credential_id_,
                       .client_data_json = client_data(ceremony, "webauthn.get"),
                       .authenticator_data = authenticator_data(ceremony, 0, ++count_),
                       .signature = Bytes(128)};
  Bytes message = given.authenticator_data;
  append(message, sha256(bytes_of(given.client_data_json)));
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  std::size_t size = given.signature.size();
  CHECK(EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key_.get()) == 1);
  CHECK(EVP_DigestSign(context.get(), uchar(std::span<std::byte>(given.signature)), &size,
                       uchar(ByteView(message)), message.size()) == 1);
  given.signature.resize(size);
  return given;
}

}  // namespace privyseal::test
