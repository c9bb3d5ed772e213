#include "hsm/keyd/rsa_modulus.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include <memory>

#include "firmware/base/check.h"
#include "firmware/base/free.h"

namespace privyseal::keyd {
namespace {

using Number = std::unique_ptr<BIGNUM, Free<BN_free>>;
using testing::HasSubstr;

const Bytes kGoodExponent{std::byte{1}, std::byte{0}, std::byte{1}};

Number number() {
  Number made(BN_new());
  CHECK(made);
  return made;
}

Bytes bytes_of_number(const Number& value) {
  Bytes bytes(static_cast<std::size_t>(BN_num_bytes(value.get())));
  BN_bn2bin(value.get(), uchar(std::span(bytes)));
  return bytes;
}

Number product(const Number& a, const Number& b) {
  BN_CTX* scratch = BN_CTX_new();
  Number made = number();
  CHECK(BN_mul(made.get(), a.get(), b.get(), scratch) == 1);
  BN_CTX_free(scratch);
  return made;
}

bool is_prime(const Number& value) { return BN_check_prime(value.get(), nullptr, nullptr) == 1; }

/// The next prime that leaves no room for a modulus of less than 2048 bits.
Number prime_of_1024_bits() {
  Number made = number();
  CHECK(BN_generate_prime_ex(made.get(), 1024, 0, nullptr, nullptr, nullptr) ==
        1);  // its two top bits are set
  return made;
}

Number next_prime_after(const Number& value) {
  Number made(BN_dup(value.get()));
  do CHECK(BN_add_word(made.get(), 2) == 1);
  while (!is_prime(made));
  return made;
}

/// As the flawed library chose it: k * M + (65537^a mod M), M the product of the first 126 primes.
Number roca_prime() {
  BN_CTX* scratch = BN_CTX_new();
  const Number m = number();
  const Number base = number();
  const Number a = number();
  const Number k = number();
  Number made = number();
  CHECK(BN_one(m.get()) == 1 && BN_set_word(base.get(), 65'537) == 1);
  int found = 0;
  for (unsigned long candidate = 2; found < 126; ++candidate) {
    bool is_good = true;
    for (unsigned long d = 2; d * d <= candidate; ++d) is_good = is_good && candidate % d != 0;
    if (!is_good) continue;
    CHECK(BN_mul_word(m.get(), candidate) == 1);
    ++found;
  }
  do {
    CHECK(BN_rand(a.get(), 64, BN_RAND_TOP_ANY, BN_RAND_BOTTOM_ANY) == 1);
    CHECK(BN_rand(k.get(), 1024 - BN_num_bits(m.get()) + 1, BN_RAND_TOP_ANY, BN_RAND_BOTTOM_ANY) == 1);
    CHECK(BN_mod_exp(made.get(), base.get(), a.get(), m.get(), scratch) == 1);
    CHECK(BN_mul(k.get(), k.get(), m.get(), scratch) == 1 && BN_add(made.get(), made.get(), k.get()) == 1);
  } while (BN_num_bits(made.get()) != 1024 || BN_is_bit_set(made.get(), 1022) == 0 || !is_prime(made));
  BN_CTX_free(scratch);
  return made;
}

std::string words(const Result<void>& checked) { return checked ? "good" : checked.error().message; }

TEST(RsaModulus, PassesWhenOpensslMadeIt) {
  for (const unsigned bits : {2048U, 3072U}) {
    const std::unique_ptr<EVP_PKEY, Free<EVP_PKEY_free>> key(EVP_RSA_gen(bits));
    BIGNUM* n = nullptr;
    ASSERT_EQ(EVP_PKEY_get_bn_param(key.get(), OSSL_PKEY_PARAM_RSA_N, &n), 1);
    const Bytes modulus = bytes_of_number(Number(n));
    EXPECT_EQ(words(check_rsa_modulus(bits, modulus, kGoodExponent)), "good");
    Bytes padded(3);
    append(padded, modulus);
    EXPECT_EQ(words(check_rsa_modulus(bits, padded, kGoodExponent)), "good");
    EXPECT_THAT(words(check_rsa_modulus(bits + 1024, modulus, kGoodExponent)), HasSubstr("bits and not"));
    for (const Bytes& exponent : {Bytes{}, Bytes{std::byte{3}},
                                  Bytes{std::byte{1}, std::byte{0}, std::byte{3}}, Bytes(3000, std::byte{1})})
      EXPECT_NE(words(check_rsa_modulus(bits, modulus, exponent)), "good");
  }
}

TEST(RsaModulus, IsRefusedWithPrimesNextToEachOther) {
  const Number p = prime_of_1024_bits();
  EXPECT_THAT(words(check_rsa_modulus(2048, bytes_of_number(product(p, next_prime_after(p))), kGoodExponent)),
              HasSubstr("close"));
  EXPECT_THAT(words(check_rsa_modulus(2048, bytes_of_number(product(p, p)), kGoodExponent)),
              HasSubstr("close"));
}

TEST(RsaModulus, IsRefusedWithAFingerprintOfRoca) {
  const Bytes modulus = bytes_of_number(product(roca_prime(), roca_prime()));
  EXPECT_THAT(words(check_rsa_modulus(2048, modulus, kGoodExponent)), HasSubstr("ROCA"));
}

TEST(RsaModulus, OnePrimeAloneLeavesNoFingerprint) {
  const Bytes modulus = bytes_of_number(product(roca_prime(), prime_of_1024_bits()));
  EXPECT_EQ(words(check_rsa_modulus(2048, modulus, kGoodExponent)), "good");
}

TEST(RsaModulus, IsRefusedWithASmallFactor) {
  Bytes even(256, std::byte{0xfe});
  EXPECT_THAT(words(check_rsa_modulus(2048, even, kGoodExponent)), HasSubstr("small factor"));
}

TEST(RsaModulus, NothingAtAllIsRefused) {
  EXPECT_NE(words(check_rsa_modulus(2048, {}, kGoodExponent)), "good");
  EXPECT_NE(words(check_rsa_modulus(2048, Bytes(256), kGoodExponent)), "good");
  EXPECT_NE(words(check_rsa_modulus(2048, Bytes(100'000, std::byte{0xff}), kGoodExponent)), "good");
}

}  // namespace
}  // namespace privyseal::keyd
