#include "hsm/keyd/rsa_modulus.h"

#include <openssl/bn.h>

#include <algorithm>
#include <array>
#include <memory>
#include <string>

#include "firmware/base/check.h"
#include "firmware/base/free.h"

namespace privyseal::keyd {
namespace {

using Number = std::unique_ptr<BIGNUM, Free<BN_free>>;
using Scratch = std::unique_ptr<BN_CTX, Free<BN_CTX_free>>;

constexpr unsigned long kExponent = 65'537;
constexpr int kFermatSteps = 100;
// The primes whose residues the fingerprint is looked for in; a good modulus has all of them with a
// probability of 2^-27.
constexpr unsigned kMostFingerprintPrime = 167;
constexpr unsigned kMostSmallFactor = 2000;
constexpr std::size_t kMostBytes = 1024;

Number number_of(ByteView big_endian) {
  Number number(BN_bin2bn(uchar(big_endian), static_cast<int>(big_endian.size()), nullptr));
  CHECK(number);
  return number;
}

constexpr bool is_prime(unsigned n) {
  for (unsigned d = 2; d * d <= n; ++d)
    if (n % d == 0) return false;
  return n >= 2;
}

/// Is it a power of 65537 modulo the prime?
bool is_power_of_the_exponent(unsigned long residue, unsigned prime) {
  const unsigned long base = kExponent % prime;
  unsigned long power = 1;
  do {
    if (power == residue) return true;
    power = power * base % prime;
  } while (power != 1);
  return false;
}

bool has_roca_fingerprint(const BIGNUM* modulus) {
  for (unsigned prime = 3; prime <= kMostFingerprintPrime; ++prime)
    if (is_prime(prime) && !is_power_of_the_exponent(BN_mod_word(modulus, prime), prime)) return false;
  return true;
}

bool has_small_factor(const BIGNUM* modulus) {
  for (unsigned prime = 2; prime <= kMostSmallFactor; ++prime)
    if (is_prime(prime) && BN_mod_word(modulus, prime) == 0) return true;
  return false;
}

/// The whole part of the root, by Newton's method from above.
Number root_of(const BIGNUM* number, BN_CTX* scratch) {
  Number root(BN_new());
  const Number next(BN_new());
  CHECK(root && next && BN_lshift(root.get(), BN_value_one(), (BN_num_bits(number) + 1) / 2) == 1);
  for (;;) {
    CHECK(BN_div(next.get(), nullptr, number, root.get(), scratch) == 1);
    CHECK(BN_add(next.get(), next.get(), root.get()) == 1 && BN_rshift1(next.get(), next.get()) == 1);
    if (BN_cmp(next.get(), root.get()) >= 0) return root;
    BN_swap(root.get(), next.get());
  }
}

bool is_square(const BIGNUM* number, BN_CTX* scratch) {
  if (BN_is_negative(number)) return false;
  if (BN_is_zero(number)) return true;
  const Number root = root_of(number, scratch);
  CHECK(BN_sqr(root.get(), root.get(), scratch) == 1);
  return BN_cmp(root.get(), number) == 0;
}

/// Fermat: n = a^2 - b^2 with a just above the root of n when the primes are close.
bool has_close_primes(const BIGNUM* modulus) {
  const Scratch scratch(BN_CTX_new());
  CHECK(scratch);
  const Number a = root_of(modulus, scratch.get());
  const Number rest(BN_new());
  CHECK(rest);
  for (int step = 0; step <= kFermatSteps; ++step) {
    CHECK(BN_sqr(rest.get(), a.get(), scratch.get()) == 1 && BN_sub(rest.get(), rest.get(), modulus) == 1);
    if (is_square(rest.get(), scratch.get())) return true;
    CHECK(BN_add_word(a.get(), 1) == 1);
  }
  return false;
}

}  // namespace

Result<void> check_rsa_modulus(unsigned bits, ByteView modulus, ByteView exponent) {
  const auto bad = [](std::string what) { return fail(ErrorCode::kInvalid, "RSA key: " + std::move(what)); };
  if (modulus.size() > kMostBytes || exponent.size() > kMostBytes) return bad("far too long");
  const Number n = number_of(modulus);
  const Number e = number_of(exponent);
  if (static_cast<unsigned>(BN_num_bits(n.get())) != bits)
    return bad("its modulus has " + std::to_string(BN_num_bits(n.get())) + " bits and not " +
               std::to_string(bits));
  if (BN_is_word(e.get(), kExponent) != 1) return bad("its exponent is not 65537");
  if (has_small_factor(n.get())) return bad("its modulus has a small factor");
  if (has_roca_fingerprint(n.get())) return bad("its modulus shows the fingerprint of CVE-2017-15361 (ROCA)");
  if (has_close_primes(n.get())) return bad("its primes are close to each other");
  return {};
}

}  // namespace privyseal::keyd
