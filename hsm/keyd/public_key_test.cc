#include "hsm/keyd/public_key.h"

#include <gtest/gtest.h>
#include <openssl/ecdsa.h>
#include <openssl/rsa.h>

#include <array>

#include "hsm/keyd/test_keys.h"

namespace privyseal::keyd {
namespace {

struct Case {
  hsm::KeyType type;
  const char* group;
  const char* digest;
  Scheme scheme;
};

class EcPublicKey : public testing::TestWithParam<Case> {
 protected:
  const TestKey key_ = make_test_key(GetParam().group);
  const Bytes point_ = point_of(key_);

  [[nodiscard]] Bytes wrapped_point() const {
    Bytes wrapped{std::byte{0x04}, static_cast<std::byte>(point_.size())};
    wrapped.insert(wrapped.end(), point_.begin(), point_.end());
    return wrapped;
  }
  [[nodiscard]] Bytes signature_of(ByteView message) const {
    const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
    Bytes signature(256);
    std::size_t length = signature.size();
    CHECK(EVP_DigestSignInit_ex(context.get(), nullptr, GetParam().digest, nullptr, nullptr, key_.get(),
                                nullptr) == 1);
    CHECK(EVP_DigestSign(context.get(), uchar(std::span(signature)), &length, uchar(message),
                         message.size()) == 1);
    signature.resize(length);
    return signature;
  }
};

TEST_P(EcPublicKey, IsReadFromATokensPoint) {
  const auto wrapped = PublicKey::from_ec_point(GetParam().type, wrapped_point());
  ASSERT_TRUE(wrapped) << wrapped.error().message;
  EXPECT_EQ(wrapped->spki(), spki_of(key_));
  const auto bare = PublicKey::from_ec_point(GetParam().type, point_);
  ASSERT_TRUE(bare) << bare.error().message;
  EXPECT_EQ(bare->spki(), spki_of(key_));
}

TEST_P(EcPublicKey, IsRefusedFromAnythingElse) {
  const auto refuses = [&](ByteView point) { return !PublicKey::from_ec_point(GetParam().type, point); };
  const Bytes wrapped = wrapped_point();
  EXPECT_TRUE(refuses({}));
  for (std::size_t length = 0; length < wrapped.size(); ++length)
    EXPECT_TRUE(refuses(ByteView(wrapped).first(length))) << length;
  Bytes off_curve = point_;
  off_curve.back() ^= std::byte{1};
  EXPECT_TRUE(refuses(off_curve));
  Bytes compressed = point_;
  compressed.front() = std::byte{0x02};
  EXPECT_TRUE(refuses(compressed));
  Bytes wrong_length = wrapped;
  wrong_length[1] ^= std::byte{1};
  EXPECT_TRUE(refuses(wrong_length));
  EXPECT_TRUE(refuses(Bytes(point_.size())));
}

TEST_P(EcPublicKey, VerifiesOnlyItsOwnSignatures) {
  const auto key = PublicKey::from_ec_point(GetParam().type, point_);
  ASSERT_TRUE(key);
  const auto message = bytes_of("what was signed");
  Bytes signature = signature_of(message);
  EXPECT_TRUE(key->verifies(GetParam().scheme, message, signature));
  EXPECT_FALSE(key->verifies(GetParam().scheme, bytes_of("something else"), signature));
  signature.back() ^= std::byte{1};
  EXPECT_FALSE(key->verifies(GetParam().scheme, message, signature));
  EXPECT_FALSE(key->verifies(GetParam().scheme, message, {}));
}

TEST_P(EcPublicKey, TurnsRawSignaturesIntoDer) {
  const auto key = PublicKey::from_ec_point(GetParam().type, point_);
  const auto message = bytes_of("what was signed");
  const Bytes der = signature_of(message);
  const unsigned char* at = uchar(der);
  const std::unique_ptr<ECDSA_SIG, decltype(&ECDSA_SIG_free)> parsed(
      d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size())), ECDSA_SIG_free);
  const std::size_t half = (point_.size() - 1) / 2;
  Bytes raw(2 * half);
  BN_bn2binpad(ECDSA_SIG_get0_r(parsed.get()), uchar(std::span(raw)), static_cast<int>(half));
  BN_bn2binpad(ECDSA_SIG_get0_s(parsed.get()), uchar(std::span(raw).subspan(half)), static_cast<int>(half));
  EXPECT_EQ(ecdsa_sig_value(GetParam().type, raw), der);
  raw.pop_back();
  EXPECT_FALSE(ecdsa_sig_value(GetParam().type, raw));
  EXPECT_FALSE(ecdsa_sig_value(GetParam().type, {}));
}

INSTANTIATE_TEST_SUITE_P(, EcPublicKey,
                         testing::Values(Case{hsm::KeyType::kEcP256, "P-256", "SHA256", Scheme::kEcdsaSha256},
                                         Case{hsm::KeyType::kEcP384, "P-384", "SHA384",
                                              Scheme::kEcdsaSha384}));

/// Signs with OpenSSL as its documentation says for the scheme, and none of keyd's code.
Bytes signature_by_openssl(EVP_PKEY* key, Scheme scheme, ByteView message) {
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  const char* digest = scheme == Scheme::kEd25519     ? nullptr
                       : scheme == Scheme::kPssSha384 ? "SHA384"
                       : scheme == Scheme::kPssSha512 ? "SHA512"
                                                      : "SHA256";
  EVP_PKEY_CTX* padding = nullptr;
  CHECK(EVP_DigestSignInit_ex(context.get(), &padding, digest, nullptr, nullptr, key, nullptr) == 1);
  if (scheme != Scheme::kEd25519 && scheme != Scheme::kPkcs1Sha256)
    CHECK(EVP_PKEY_CTX_set_rsa_padding(padding, RSA_PKCS1_PSS_PADDING) == 1 &&
          EVP_PKEY_CTX_set_rsa_pss_saltlen(padding, RSA_PSS_SALTLEN_DIGEST) == 1);
  Bytes signature(512);
  std::size_t length = signature.size();
  CHECK(EVP_DigestSign(context.get(), uchar(std::span(signature)), &length, uchar(message), message.size()) ==
        1);
  signature.resize(length);
  return signature;
}

Bytes number_in(EVP_PKEY* key, const char* name) {
  BIGNUM* number = nullptr;
  CHECK(EVP_PKEY_get_bn_param(key, name, &number) == 1);
  Bytes bytes(static_cast<std::size_t>(BN_num_bytes(number)));
  BN_bn2bin(number, uchar(std::span(bytes)));
  BN_free(number);
  return bytes;
}

TEST(RsaPublicKey, VerifiesWhatItSignedAndInThatWayOnly) {
  const TestKey key(EVP_RSA_gen(2048), EVP_PKEY_free);
  const Bytes modulus = number_in(key.get(), OSSL_PKEY_PARAM_RSA_N);
  const auto read =
      PublicKey::from_rsa(hsm::KeyType::kRsa2048, modulus, number_in(key.get(), OSSL_PKEY_PARAM_RSA_E));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->spki(), spki_of(key));
  EXPECT_EQ(read->type(), hsm::KeyType::kRsa2048);
  const auto message = bytes_of("what was signed");
  constexpr std::array kSchemes{Scheme::kPssSha256, Scheme::kPssSha384, Scheme::kPssSha512,
                                Scheme::kPkcs1Sha256};
  for (const Scheme made : kSchemes)
    for (const Scheme asked : kSchemes)
      EXPECT_EQ(read->verifies(asked, message, signature_by_openssl(key.get(), made, message)), made == asked)
          << digest_name(made) << " " << digest_name(asked);
  for (const Scheme foreign : {Scheme::kEcdsaSha256, Scheme::kEcdsaSha384, Scheme::kEd25519})
    EXPECT_FALSE(
        read->verifies(foreign, message, signature_by_openssl(key.get(), Scheme::kPkcs1Sha256, message)));
}

TEST(RsaPublicKey, IsRefusedWhenItIsOfAnotherSizeOrBadlyMade) {
  const TestKey key(EVP_RSA_gen(2048), EVP_PKEY_free);
  const Bytes modulus = number_in(key.get(), OSSL_PKEY_PARAM_RSA_N);
  const Bytes exponent = number_in(key.get(), OSSL_PKEY_PARAM_RSA_E);
  EXPECT_FALSE(PublicKey::from_rsa(hsm::KeyType::kRsa3072, modulus, exponent));
  EXPECT_FALSE(PublicKey::from_rsa(hsm::KeyType::kRsa2048, modulus, {}));
  EXPECT_FALSE(PublicKey::from_rsa(hsm::KeyType::kRsa2048, {}, exponent));
  Bytes even = modulus;
  even.back() &= std::byte{0xfe};
  EXPECT_FALSE(PublicKey::from_rsa(hsm::KeyType::kRsa2048, even, exponent));
}

TEST(Ed25519PublicKey, IsReadInEverySpellingOfModules) {
  const TestKey key(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"), EVP_PKEY_free);
  const Bytes point = point_of(key);
  ASSERT_EQ(point.size(), 32u);
  const Bytes in_octets = [&] {
    Bytes made{std::byte{0x04}, std::byte{0x20}};
    append(made, point);
    return made;
  }();
  const Bytes in_bits = [&] {
    Bytes made{std::byte{0x03}, std::byte{0x21}, std::byte{0}};
    append(made, point);
    return made;
  }();
  const auto message = bytes_of("what was signed");
  const Bytes signature = signature_by_openssl(key.get(), Scheme::kEd25519, message);
  for (const Bytes& spelling : {point, in_octets, in_bits}) {
    const auto read = PublicKey::from_ed25519_point(spelling);
    ASSERT_TRUE(read);
    EXPECT_EQ(read->spki(), spki_of(key));
    EXPECT_TRUE(read->verifies(Scheme::kEd25519, message, signature));
    EXPECT_FALSE(read->verifies(Scheme::kEd25519, bytes_of("something else"), signature));
    EXPECT_FALSE(read->verifies(Scheme::kPkcs1Sha256, message, signature));
  }
  for (std::size_t length = 0; length < in_octets.size(); ++length) {
    if (length == point.size()) continue;  // any 32 bytes may be a point
    EXPECT_FALSE(PublicKey::from_ed25519_point(ByteView(in_octets).first(length))) << length;
  }
  Bytes wrong = in_bits;
  wrong[2] = std::byte{1};
  EXPECT_FALSE(PublicKey::from_ed25519_point(wrong));
}

}  // namespace
}  // namespace privyseal::keyd
