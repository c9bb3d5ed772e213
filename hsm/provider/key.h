/// A key of keyd as OpenSSL sees it: a name, a curve and the public point.
///
/// Pure. Threads: a Key never changes.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "firmware/base/bytes.h"
#include "firmware/base/result.h"
#include "hsm/wire.h"

namespace privyseal::hsm::provider {

/// The facts of a curve and of the one hash that goes with it (RFC 8446 section 4.2.3).
struct Curve {
  KeyType type;
  const char* group;  ///< OpenSSL's name of the curve
  int bits;
  int security_bits;
  std::size_t point_bytes;             ///< uncompressed
  std::size_t max_signature_bytes;     ///< ECDSA-Sig-Value, DER
  const char* digest;                  ///< as providers spell it
  std::string_view digest_alias;       ///< as everybody else spells it
  std::string_view public_key_prefix;  ///< SubjectPublicKeyInfo up to the point (RFC 5480 section 2)
  std::string_view algorithm_id;       ///< AlgorithmIdentifier of the signature (RFC 5758 section 3.2)
};

struct Key {
  std::string name;
  const Curve* curve;
  Bytes point;  ///< uncompressed: 04, x, y
};

/// What OpenSSL holds as the keydata of an EVP_PKEY; signature contexts hold copies.
using SharedKey = std::shared_ptr<const Key>;

/// kInvalid: the public key is not one of the key's type.
[[nodiscard]] Result<SharedKey> key_of(const KeyInfo& info);

/// Compares names as OpenSSL does: without regard to case.
[[nodiscard]] bool is_digest_of(const Curve& curve, std::string_view digest);

}  // namespace privyseal::hsm::provider
