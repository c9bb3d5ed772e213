#include "hsm/keyd/public_key.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/x509.h>

#include <array>

#include "firmware/base/check.h"

namespace privyseal::keyd {
namespace {

template <class T, auto Free>
using Owned = std::unique_ptr<T, decltype([](T* object) { Free(object); })>;
using KeyContext = Owned<EVP_PKEY_CTX, EVP_PKEY_CTX_free>;
using DigestContext = Owned<EVP_MD_CTX, EVP_MD_CTX_free>;
using SigValue = Owned<ECDSA_SIG, ECDSA_SIG_free>;

// Only the default provider: whatever openssl.cnf may say, no other one answers here.
constexpr const char* kDefaultProvider = "provider=default";

struct TypeFacts {
  const char* group;
  const char* digest;
  std::size_t number_bytes;  // r, s and each coordinate
};

const TypeFacts& facts(hsm::KeyType type) {
  static constexpr TypeFacts kP256{.group = "P-256", .digest = "SHA256", .number_bytes = 32};
  static constexpr TypeFacts kP384{.group = "P-384", .digest = "SHA384", .number_bytes = 48};
  return type == hsm::KeyType::kEcP256 ? kP256 : kP384;
}

/// The bare uncompressed point 04 || x || y.
Result<ByteView> bare_point(hsm::KeyType type, ByteView ec_point) {
  constexpr std::byte kOctetString{0x04};
  constexpr std::byte kUncompressed{0x04};
  const std::size_t point_bytes = 1 + 2 * facts(type).number_bytes;
  if (ec_point.size() == point_bytes + 2 && ec_point[0] == kOctetString &&
      ec_point[1] == static_cast<std::byte>(point_bytes))
    ec_point = ec_point.subspan(2);
  if (ec_point.size() != point_bytes || ec_point[0] != kUncompressed)
    return fail(ErrorCode::kInvalid, "public key: not an uncompressed point of its curve");
  return ec_point;
}

Bytes spki_of(EVP_PKEY* key) {
  unsigned char* der = nullptr;
  const int length = i2d_PUBKEY(key, &der);
  CHECK(length > 0);
  Bytes spki = copy_of(std::as_bytes(std::span(der, static_cast<std::size_t>(length))));
  OPENSSL_free(der);
  return spki;
}

}  // namespace

Result<PublicKey> PublicKey::from_ec_point(hsm::KeyType type, ByteView ec_point) {
  const auto point = bare_point(type, ec_point);
  if (!point) return std::unexpected(point.error());
  auto* group = const_cast<char*>(facts(type).group);
  auto* octets = const_cast<unsigned char*>(uchar(*point));
  std::array parameters{OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 0),
                        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, octets, point->size()),
                        OSSL_PARAM_construct_end()};
  const KeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, "EC", kDefaultProvider));
  CHECK(context && EVP_PKEY_fromdata_init(context.get()) == 1);
  EVP_PKEY* made = nullptr;
  const bool is_point =
      EVP_PKEY_fromdata(context.get(), &made, EVP_PKEY_PUBLIC_KEY, parameters.data()) == 1 && made != nullptr;
  std::shared_ptr<EVP_PKEY> key(made, EVP_PKEY_free);
  if (!is_point) return fail(ErrorCode::kInvalid, "public key: the point is not on its curve");
  const KeyContext check(EVP_PKEY_CTX_new_from_pkey(nullptr, key.get(), kDefaultProvider));
  if (!check || EVP_PKEY_public_check(check.get()) != 1)
    return fail(ErrorCode::kInvalid, "public key: the point is no valid public key");
  Bytes spki = spki_of(key.get());
  return PublicKey(type, std::move(key), std::move(spki));
}

bool PublicKey::verifies(ByteView message, ByteView signature) const {
  const DigestContext context(EVP_MD_CTX_new());
  return context &&
         EVP_DigestVerifyInit_ex(context.get(), nullptr, facts(type_).digest, nullptr, kDefaultProvider,
                                 key_.get(), nullptr) == 1 &&
         EVP_DigestVerify(context.get(), uchar(signature), signature.size(), uchar(message),
                          message.size()) == 1;
}

Bytes digest_for(hsm::KeyType type, ByteView message) {
  Bytes digest(facts(type).number_bytes);
  std::size_t length = 0;
  CHECK(EVP_Q_digest(nullptr, facts(type).digest, kDefaultProvider, message.data(), message.size(),
                     uchar(std::span(digest)), &length) == 1);
  CHECK(length == digest.size());
  return digest;
}

Result<Bytes> ecdsa_sig_value(hsm::KeyType type, ByteView raw) {
  const std::size_t half = facts(type).number_bytes;
  if (raw.size() != 2 * half)
    return fail(ErrorCode::kInvalid, "signature: not two numbers of the curve's size");
  BIGNUM* r = BN_bin2bn(uchar(raw.first(half)), static_cast<int>(half), nullptr);
  BIGNUM* s = BN_bin2bn(uchar(raw.last(half)), static_cast<int>(half), nullptr);
  const SigValue value(ECDSA_SIG_new());
  CHECK(r != nullptr && s != nullptr && value && ECDSA_SIG_set0(value.get(), r, s) == 1);  // takes both over
  unsigned char* der = nullptr;
  const int length = i2d_ECDSA_SIG(value.get(), &der);
  CHECK(length > 0);
  Bytes signature = copy_of(std::as_bytes(std::span(der, static_cast<std::size_t>(length))));
  OPENSSL_free(der);
  return signature;
}

}  // namespace privyseal::keyd
