#include "hsm/keyd/public_key.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/params.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <algorithm>
#include <array>

#include "firmware/base/check.h"
#include "firmware/base/free.h"
#include "hsm/key_kind.h"
#include "hsm/keyd/p256_table.h"
#include "hsm/keyd/rsa_modulus.h"

namespace privyseal::keyd {
namespace {

using KeyContext = std::unique_ptr<EVP_PKEY_CTX, Free<EVP_PKEY_CTX_free>>;
using DigestContext = std::unique_ptr<EVP_MD_CTX, Free<EVP_MD_CTX_free>>;
using SigValue = std::unique_ptr<ECDSA_SIG, Free<ECDSA_SIG_free>>;

// Only the default provider: whatever openssl.cnf may say, no other one answers here.
constexpr const char* kDefaultProvider = "provider=default";

constexpr std::byte kOctetString{0x04};

/// Of r, s and each coordinate.
std::size_t number_bytes(hsm::KeyType type) { return hsm::kind_of(type).bits / 8; }

/// The bare uncompressed point 04 || x || y.
Result<ByteView> bare_point(hsm::KeyType type, ByteView ec_point) {
  constexpr std::byte kUncompressed{0x04};
  const std::size_t point_bytes = 1 + 2 * number_bytes(type);
  if (ec_point.size() == point_bytes + 2 && ec_point[0] == kOctetString &&
      ec_point[1] == static_cast<std::byte>(point_bytes))
    ec_point = ec_point.subspan(2);
  if (ec_point.size() != point_bytes || ec_point[0] != kUncompressed)
    return fail(ErrorCode::kInvalid, "public key: not an uncompressed point of its curve");
  return ec_point;
}

/// The bare 32 bytes.
Result<ByteView> bare_ed25519_point(ByteView ec_point) {
  constexpr std::size_t kPointBytes = 32;
  constexpr std::array kInOctetString{kOctetString, std::byte{kPointBytes}};
  constexpr std::array kInBitString{std::byte{0x03}, std::byte{kPointBytes + 1}, std::byte{0}};
  for (const ByteView head : {ByteView(), ByteView(kInOctetString), ByteView(kInBitString)})
    if (ec_point.size() == head.size() + kPointBytes && std::ranges::equal(ec_point.first(head.size()), head))
      return ec_point.subspan(head.size());
  return fail(ErrorCode::kInvalid, "public key: not an Ed25519 point");
}

using Number = std::unique_ptr<BIGNUM, Free<BN_free>>;

std::shared_ptr<EVP_PKEY> rsa_key(ByteView modulus, ByteView exponent) {
  const Number n(BN_bin2bn(uchar(modulus), static_cast<int>(modulus.size()), nullptr));
  const Number e(BN_bin2bn(uchar(exponent), static_cast<int>(exponent.size()), nullptr));
  const std::unique_ptr<OSSL_PARAM_BLD, Free<OSSL_PARAM_BLD_free>> builder(OSSL_PARAM_BLD_new());
  CHECK(n && e && builder && OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, n.get()) == 1 &&
        OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, e.get()) == 1);
  const std::unique_ptr<OSSL_PARAM, Free<OSSL_PARAM_free>> parameters(OSSL_PARAM_BLD_to_param(builder.get()));
  const KeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, "RSA", kDefaultProvider));
  CHECK(parameters && context && EVP_PKEY_fromdata_init(context.get()) == 1);
  EVP_PKEY* made = nullptr;
  if (EVP_PKEY_fromdata(context.get(), &made, EVP_PKEY_PUBLIC_KEY, parameters.get()) != 1) made = nullptr;
  return {made, EVP_PKEY_free};
}

bool is_of_family(Scheme scheme, hsm::KeyType type) {
  switch (scheme) {
    case Scheme::kEcdsaSha256:
      return type == hsm::KeyType::kEcP256;
    case Scheme::kEcdsaSha384:
      return type == hsm::KeyType::kEcP384;
    case Scheme::kEd25519:
      return type == hsm::KeyType::kEd25519;
    case Scheme::kPssSha256:
    case Scheme::kPssSha384:
    case Scheme::kPssSha512:
    case Scheme::kPkcs1Sha256:
      return hsm::kind_of(type).family == hsm::KeyFamily::kRsa;
  }
  return false;
}

/// As RFC 8446 section 4.2.3 wants RSA-PSS; OpenSSL's own choice is PKCS #1 v1.5.
bool set_padding(Scheme scheme, EVP_PKEY_CTX* context) {
  if (scheme != Scheme::kPssSha256 && scheme != Scheme::kPssSha384 && scheme != Scheme::kPssSha512)
    return true;
  return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) == 1 &&
         EVP_PKEY_CTX_set_rsa_pss_saltlen(context, RSA_PSS_SALTLEN_DIGEST) == 1;
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
  auto* group = const_cast<char*>(type == hsm::KeyType::kEcP256 ? "P-256" : "P-384");
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
  auto table = type == hsm::KeyType::kEcP256 ? std::make_shared<P256TableOnDemand>(*point) : nullptr;
  return PublicKey(type, std::move(key), std::move(spki), std::move(table));
}

Result<PublicKey> PublicKey::from_ed25519_point(ByteView ec_point) {
  const auto point = bare_ed25519_point(ec_point);
  if (!point) return std::unexpected(point.error());
  std::shared_ptr<EVP_PKEY> key(
      EVP_PKEY_new_raw_public_key_ex(nullptr, "ED25519", kDefaultProvider, uchar(*point), point->size()),
      EVP_PKEY_free);
  if (!key) return fail(ErrorCode::kInvalid, "public key: not an Ed25519 point");
  Bytes spki = spki_of(key.get());
  return PublicKey(hsm::KeyType::kEd25519, std::move(key), std::move(spki));
}

Result<PublicKey> PublicKey::from_rsa(hsm::KeyType type, ByteView modulus, ByteView exponent) {
  if (auto good = check_rsa_modulus(hsm::kind_of(type).bits, modulus, exponent); !good)
    return std::unexpected(good.error());
  auto key = rsa_key(modulus, exponent);
  if (!key) return fail(ErrorCode::kInvalid, "public key: no RSA key");
  Bytes spki = spki_of(key.get());
  return PublicKey(type, std::move(key), std::move(spki));
}

bool PublicKey::verifies(Scheme scheme, ByteView message, ByteView signature) const {
  if (table_ && scheme == Scheme::kEcdsaSha256 && table_->verifies(message, signature)) return true;
  const DigestContext context(EVP_MD_CTX_new());
  EVP_PKEY_CTX* in_context = nullptr;
  const bool verifies = is_of_family(scheme, type_) && context &&
                        EVP_DigestVerifyInit_ex(context.get(), &in_context, digest_name(scheme), nullptr,
                                                kDefaultProvider, key_.get(), nullptr) == 1 &&
                        set_padding(scheme, in_context) &&
                        EVP_DigestVerify(context.get(), uchar(signature), signature.size(), uchar(message),
                                         message.size()) == 1;
  ERR_clear_error();  // the queue is the thread's, and nobody reads it
  return verifies;
}

bool PublicKey::has_table() const { return table_ && table_->is_made(); }

Result<Bytes> ecdsa_sig_value(hsm::KeyType type, ByteView raw) {
  const std::size_t half = number_bytes(type);
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
