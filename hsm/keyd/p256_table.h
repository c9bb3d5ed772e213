/// A P-256 public key with multiples of it worked out in advance, for a key whose signatures are verified all
/// day.
///
/// Verifying (FIPS 186-5 section 6.4.2) is u1 * G + u2 * Q. OpenSSL keeps a table for G, the generator; Q,
/// being anybody's, is multiplied the long way, and that is most of the time. Here Q is made the generator of
/// a curve object of its own, so that OpenSSL makes its table for Q as well. The arithmetic is OpenSSL's
/// throughout.
///
/// Only public numbers pass through here, so nothing has to take constant time.
///
/// Threads: any; it never changes. Ownership: the table (150 KB) and nothing else.
#pragma once

#include <openssl/ec.h>

#include <memory>

#include "firmware/base/bytes.h"

namespace privyseal::keyd {

class P256Table {
 public:
  /// From the uncompressed point. Takes some 15 ms. Null: OpenSSL makes no table, or it is no point of P-256.
  [[nodiscard]] static std::unique_ptr<const P256Table> for_point(ByteView uncompressed);

  /// Is the ECDSA-Sig-Value (DER, RFC 3279 section 2.2.3) the holder's for this SHA-256 digest?
  [[nodiscard]] bool verifies(ByteView digest, ByteView signature) const;

 private:
  struct FreeGroup {
    void operator()(EC_GROUP* group) const;
  };
  using Group = std::unique_ptr<EC_GROUP, FreeGroup>;

  P256Table(Group curve, Group around_key) : curve_(std::move(curve)), around_key_(std::move(around_key)) {}

  Group curve_;
  Group around_key_;  // its generator is the key
};

}  // namespace privyseal::keyd
