#include "hsm/keyd/p256_table.h"

#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/obj_mac.h>

#include <algorithm>
#include <utility>

#include "firmware/base/sha256.h"

// EC_GROUP_precompute_mult has no successor in OpenSSL 3. Without it PublicKey verifies the long way.
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

namespace privyseal::keyd {
namespace {

using Point = std::unique_ptr<EC_POINT, Free<EC_POINT_free>>;
using Number = std::unique_ptr<BIGNUM, Free<BN_free>>;
using Scratch = std::unique_ptr<BN_CTX, Free<BN_CTX_free>>;
using SigValue = std::unique_ptr<ECDSA_SIG, Free<ECDSA_SIG_free>>;

constexpr std::size_t kDigestBytes = 32;

/// Null unless it is the one DER encoding of its numbers.
SigValue sig_value(ByteView der) {
  const unsigned char* at = uchar(der);
  SigValue value(d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size())));
  unsigned char* encoded = nullptr;
  const int length = value ? i2d_ECDSA_SIG(value.get(), &encoded) : 0;
  const bool is_same =
      length > 0 &&
      std::ranges::equal(der, std::as_bytes(std::span(encoded, static_cast<std::size_t>(length))));
  OPENSSL_free(encoded);
  return is_same ? std::move(value) : nullptr;
}

bool is_below_order(const BIGNUM* number, const BIGNUM* order) {
  return !BN_is_negative(number) && !BN_is_zero(number) && BN_cmp(number, order) < 0;
}

}  // namespace

std::unique_ptr<const P256Table> P256Table::for_point(ByteView uncompressed) {
  Group curve(EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1));
  Group around_key(curve ? EC_GROUP_dup(curve.get()) : nullptr);
  const Scratch scratch(BN_CTX_new());
  const Point key(curve ? EC_POINT_new(curve.get()) : nullptr);
  const bool is_made = around_key && scratch && key &&
                       EC_POINT_oct2point(curve.get(), key.get(), uchar(uncompressed), uncompressed.size(),
                                          scratch.get()) == 1 &&
                       EC_POINT_is_at_infinity(curve.get(), key.get()) == 0 &&
                       EC_GROUP_set_generator(around_key.get(), key.get(), EC_GROUP_get0_order(curve.get()),
                                              EC_GROUP_get0_cofactor(curve.get())) == 1 &&
                       EC_GROUP_precompute_mult(around_key.get(), scratch.get()) == 1 &&
                       EC_GROUP_have_precompute_mult(around_key.get()) == 1;
  ERR_clear_error();
  if (!is_made) return nullptr;
  return std::unique_ptr<const P256Table>(new P256Table(std::move(curve), std::move(around_key)));
}

bool P256Table::verifies(ByteView digest, ByteView signature) const {
  const SigValue value = sig_value(signature);
  const Scratch scratch(BN_CTX_new());
  const Number e(BN_bin2bn(uchar(digest), static_cast<int>(digest.size()), nullptr));
  const Number u1(BN_new());
  const Number u2(BN_new());
  const Point sum(EC_POINT_new(curve_.get()));
  const Point part(EC_POINT_new(around_key_.get()));
  const auto holds = [&] {
    if (digest.size() != kDigestBytes || !value || !scratch || !e || !u1 || !u2 || !sum || !part)
      return false;
    const BIGNUM* n = EC_GROUP_get0_order(curve_.get());
    const BIGNUM* r = ECDSA_SIG_get0_r(value.get());
    const BIGNUM* s = ECDSA_SIG_get0_s(value.get());
    if (!is_below_order(r, n) || !is_below_order(s, n)) return false;
    // u1 = e / s, u2 = r / s; then the x of u1 * G + u2 * Q must be r modulo n.
    const Number inverse(BN_mod_inverse(nullptr, s, n, scratch.get()));
    return inverse && BN_mod_mul(u1.get(), e.get(), inverse.get(), n, scratch.get()) == 1 &&
           BN_mod_mul(u2.get(), r, inverse.get(), n, scratch.get()) == 1 &&
           EC_POINT_mul(curve_.get(), sum.get(), u1.get(), nullptr, nullptr, scratch.get()) == 1 &&
           EC_POINT_mul(around_key_.get(), part.get(), u2.get(), nullptr, nullptr, scratch.get()) == 1 &&
           EC_POINT_add(curve_.get(), sum.get(), sum.get(), part.get(), scratch.get()) == 1 &&
           EC_POINT_is_at_infinity(curve_.get(), sum.get()) == 0 &&
           EC_POINT_get_affine_coordinates(curve_.get(), sum.get(), u1.get(), nullptr, scratch.get()) == 1 &&
           BN_nnmod(u2.get(), u1.get(), n, scratch.get()) == 1 && BN_cmp(u2.get(), r) == 0;
  };
  const bool verifies = holds();
  ERR_clear_error();
  return verifies;
}

bool P256TableOnDemand::verifies(ByteView message, ByteView signature) {
  const P256Table* table = table_.load(std::memory_order_acquire);
  if (table != nullptr) return table->verifies(sha256(message), signature);
  if (++times_asked_ == kWorthATable) {  // so only one thread makes it, and nobody waits for it
    owned_ = P256Table::for_point(point_);
    table_.store(owned_.get(), std::memory_order_release);
  }
  return false;
}

}  // namespace privyseal::keyd
