#include "hsm/keyd/p256_table.h"

#include <gtest/gtest.h>
#include <openssl/bn.h>
#include <openssl/ecdsa.h>

#include <random>

#include "firmware/base/sha256.h"
#include "hsm/keyd/public_key.h"
#include "hsm/keyd/test_keys.h"

namespace privyseal::keyd {
namespace {

using Number = std::unique_ptr<BIGNUM, decltype(&BN_free)>;

Number number(std::string_view hexadecimal) {
  BIGNUM* made = nullptr;
  CHECK(BN_hex2bn(&made, std::string(hexadecimal).c_str()) > 0);
  return {made, BN_free};
}

/// FIPS 186-5: the order of P-256.
constexpr std::string_view kOrder = "FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551";

Bytes sig_value(const BIGNUM* r, const BIGNUM* s) {
  const std::unique_ptr<ECDSA_SIG, decltype(&ECDSA_SIG_free)> value(ECDSA_SIG_new(), ECDSA_SIG_free);
  CHECK(ECDSA_SIG_set0(value.get(), BN_dup(r), BN_dup(s)) == 1);
  return der_of<i2d_ECDSA_SIG>(value.get());
}

/// FIPS 186-5: the base point of P-256, uncompressed.
Bytes generator() {
  const Number encoded = number(
      "046B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296"
      "4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5");
  Bytes point(65);
  BN_bn2binpad(encoded.get(), uchar(std::span(point)), 65);
  return point;
}

class P256TableTest : public testing::Test {
 protected:
  const TestKey key_ = make_test_key("P-256");
  const std::unique_ptr<const P256Table> table_ = P256Table::for_point(point_of(key_));
  const Digest digest_ = sha256(bytes_of("what was signed"));

  [[nodiscard]] Bytes signature_of(ByteView digest) const {
    const std::unique_ptr<EVP_PKEY_CTX, decltype(&EVP_PKEY_CTX_free)> context(
        EVP_PKEY_CTX_new(key_.get(), nullptr), EVP_PKEY_CTX_free);
    Bytes signature(128);
    std::size_t length = signature.size();
    CHECK(EVP_PKEY_sign_init(context.get()) == 1 &&
          EVP_PKEY_sign(context.get(), uchar(std::span(signature)), &length, uchar(digest), digest.size()) ==
              1);
    signature.resize(length);
    return signature;
  }
  [[nodiscard]] bool openssl_verifies(ByteView digest, ByteView signature) const {
    const std::unique_ptr<EVP_PKEY_CTX, decltype(&EVP_PKEY_CTX_free)> context(
        EVP_PKEY_CTX_new(key_.get(), nullptr), EVP_PKEY_CTX_free);
    CHECK(EVP_PKEY_verify_init(context.get()) == 1);
    return EVP_PKEY_verify(context.get(), uchar(signature), signature.size(), uchar(digest), digest.size()) ==
           1;
  }
};

TEST_F(P256TableTest, VerifiesWhatTheKeySigned) {
  ASSERT_TRUE(table_);
  EXPECT_TRUE(table_->verifies(digest_, signature_of(digest_)));
}

TEST_F(P256TableTest, RefusesAnotherDigestAndAnotherKey) {
  ASSERT_TRUE(table_);
  const Bytes signature = signature_of(digest_);
  EXPECT_FALSE(table_->verifies(sha256(bytes_of("something else")), signature));
  EXPECT_FALSE(table_->verifies(ByteView(digest_).first(31), signature));
  const auto others = P256Table::for_point(point_of(make_test_key("P-256")));
  ASSERT_TRUE(others);
  EXPECT_FALSE(others->verifies(digest_, signature));
}

TEST_F(P256TableTest, RefusesNumbersThatAreOutOfRange) {
  ASSERT_TRUE(table_);
  const Number order = number(kOrder);
  const Number zero = number("0");
  const Number one = number("1");
  const Bytes good = signature_of(digest_);
  const unsigned char* at = uchar(good);
  const std::unique_ptr<ECDSA_SIG, decltype(&ECDSA_SIG_free)> value(
      d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(good.size())), ECDSA_SIG_free);
  const BIGNUM* r = ECDSA_SIG_get0_r(value.get());
  const BIGNUM* s = ECDSA_SIG_get0_s(value.get());
  ASSERT_TRUE(table_->verifies(digest_, sig_value(r, s)));
  for (const BIGNUM* bad : {zero.get(), order.get()}) {
    EXPECT_FALSE(table_->verifies(digest_, sig_value(bad, s)));
    EXPECT_FALSE(table_->verifies(digest_, sig_value(r, bad)));
  }
  const Number r_and_order(BN_dup(r), BN_free);
  const Number s_and_order(BN_dup(s), BN_free);
  BN_add(r_and_order.get(), r, order.get());
  BN_add(s_and_order.get(), s, order.get());
  EXPECT_FALSE(table_->verifies(digest_, sig_value(r_and_order.get(), s)));
  EXPECT_FALSE(table_->verifies(digest_, sig_value(r, s_and_order.get())));
  EXPECT_FALSE(table_->verifies(digest_, sig_value(one.get(), one.get())));
}

TEST_F(P256TableTest, RefusesEveryOtherEncoding) {
  ASSERT_TRUE(table_);
  const Bytes good = signature_of(digest_);
  for (std::size_t length = 0; length < good.size(); ++length)
    EXPECT_FALSE(table_->verifies(digest_, ByteView(good).first(length))) << length;
  Bytes longer = good;
  longer.push_back(std::byte{0});
  EXPECT_FALSE(table_->verifies(digest_, longer));
  Bytes long_form = good;  // 30 81 length instead of 30 length
  long_form.insert(long_form.begin() + 1, std::byte{0x81});
  EXPECT_FALSE(table_->verifies(digest_, long_form));
  Bytes negative = good;  // of r
  negative[4] |= std::byte{0x80};
  EXPECT_FALSE(table_->verifies(digest_, negative));
}

/// With Q = -G, e = r makes u1 * G + u2 * Q the point at infinity.
TEST_F(P256TableTest, RefusesASumAtInfinity) {
  Bytes point = copy_of(ByteView(generator()));
  const Number p = number("FFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF");
  const Number y(BN_bin2bn(uchar(ByteView(point).last(32)), 32, nullptr), BN_free);
  BN_sub(y.get(), p.get(), y.get());
  BN_bn2binpad(y.get(), uchar(std::span(point).last(32)), 32);
  const auto table = P256Table::for_point(point);
  ASSERT_TRUE(table);
  const Number r(BN_bin2bn(uchar(digest_), 32, nullptr), BN_free);
  EXPECT_FALSE(table->verifies(digest_, sig_value(r.get(), number("7").get())));
}

TEST_F(P256TableTest, SaysWhatOpenSslSays) {
  ASSERT_TRUE(table_);
  std::mt19937_64 random(20261122);
  int good = 0;
  for (int i = 0; i < 500; ++i) {
    const Digest digest = sha256(std::as_bytes(std::span(&i, 1)));
    Bytes signature = signature_of(digest);
    if (i % 2 == 1) signature[random() % signature.size()] ^= static_cast<std::byte>(1U << (random() % 8));
    const bool expected = openssl_verifies(digest, signature);
    good += expected ? 1 : 0;
    EXPECT_EQ(table_->verifies(digest, signature), expected) << i;
  }
  EXPECT_EQ(good, 250);
}

TEST_F(P256TableTest, IsMadeOfPointsOfTheCurveOnly) {
  Bytes point = point_of(key_);
  point.back() ^= std::byte{1};
  EXPECT_FALSE(P256Table::for_point(point));
  EXPECT_FALSE(P256Table::for_point({}));
  EXPECT_FALSE(P256Table::for_point(Bytes(1)));  // the point at infinity
  EXPECT_FALSE(P256Table::for_point(point_of(make_test_key("P-384"))));
}

TEST_F(P256TableTest, IsMadeWhenItHasBeenAskedForOftenAndVerifiesFromThenOn) {
  P256TableOnDemand table(point_of(key_));
  const ByteView message = bytes_of("what was signed");
  const Bytes good = signature_of(digest_);
  for (std::uint32_t i = 0; i < P256TableOnDemand::kWorthATable; ++i) {
    EXPECT_FALSE(table.is_made()) << i;
    EXPECT_FALSE(table.verifies(message, good)) << i;
  }
  EXPECT_TRUE(table.is_made());
  EXPECT_TRUE(table.verifies(message, good));
  EXPECT_FALSE(table.verifies(bytes_of("something else"), good));
}

TEST_F(P256TableTest, KeepsAPublicKeyJustWhenItIsAskedOften) {
  const auto key = PublicKey::from_ec_point(hsm::KeyType::kEcP256, point_of(key_));
  ASSERT_TRUE(key);
  const ByteView message = bytes_of("what was signed");
  const Bytes good = signature_of(digest_);
  Bytes bad = good;
  bad.back() ^= std::byte{1};
  for (std::uint32_t i = 0; i < P256TableOnDemand::kWorthATable; ++i) {
    EXPECT_EQ(key->has_table(), 2 * i >= P256TableOnDemand::kWorthATable) << i;
    EXPECT_TRUE(key->verifies(Scheme::kEcdsaSha256, message, good)) << i;
    EXPECT_FALSE(key->verifies(Scheme::kEcdsaSha256, message, bad)) << i;
  }
  EXPECT_TRUE(key->has_table());
}

}  // namespace
}  // namespace privyseal::keyd
