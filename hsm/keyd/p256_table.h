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

#include <atomic>
#include <cstdint>
#include <memory>

#include "firmware/base/bytes.h"
#include "firmware/base/free.h"

namespace privyseal::keyd {

class P256Table {
 public:
  /// From the uncompressed point. Takes some 15 ms. Null: OpenSSL makes no table, or it is no point of P-256.
  [[nodiscard]] static std::unique_ptr<const P256Table> for_point(ByteView uncompressed);

  /// Is the ECDSA-Sig-Value (DER, RFC 3279 section 2.2.3) the holder's for this SHA-256 digest?
  [[nodiscard]] bool verifies(ByteView digest, ByteView signature) const;

 private:
  using Group = std::unique_ptr<EC_GROUP, Free<EC_GROUP_free>>;

  P256Table(Group curve, Group around_key) : curve_(std::move(curve)), around_key_(std::move(around_key)) {}

  Group curve_;
  Group around_key_;  // its generator is the key
};

/// The table of a key, made when the key has been asked for so often that it is worth it: most keys never
/// are.
///
/// Threads: any. Ownership: its table.
class P256TableOnDemand {
 public:
  static constexpr std::uint32_t kWorthATable = 16;

  explicit P256TableOnDemand(ByteView uncompressed) : point_(copy_of(uncompressed)) {}

  /// Is it the holder's signature of `message`? False does not mean that it is not: until there is a table
  /// nothing is verified here.
  [[nodiscard]] bool verifies(ByteView message, ByteView signature);
  [[nodiscard]] bool is_made() const { return table_.load(std::memory_order_acquire) != nullptr; }

 private:
  const Bytes point_;
  std::atomic<std::uint32_t> times_asked_ = 0;
  std::unique_ptr<const P256Table> owned_;
  std::atomic<const P256Table*> table_ = nullptr;
};

}  // namespace privyseal::keyd
