/// A key as OpenSSL sees it: a name, a kind and the public part.
///
/// Pure. Threads: a Key never changes.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "firmware/base/bytes.h"
#include "firmware/base/result.h"
#include "hsm/key_kind.h"

namespace privyseal::hsm::provider {

/// The facts of a kind of key and of the hash that goes with it.
struct Kind {
  KeyType type;
  KeyFamily family;
  const char* group;  ///< OpenSSL's name of the curve; null: the family has one or none
  int bits;
  int security_bits;
  std::size_t public_bytes;  ///< uncompressed point, Ed25519 point or modulus
  std::size_t max_signature_bytes;
  const char* digest;  ///< as providers spell it; empty: the message itself is signed
  Hash digest_hash;
  // SubjectPublicKeyInfo before and behind the public part (RFC 5480 section 2, RFC 8410 section 4, RFC 3279
  // section 2.3.1); fixed, because keyd's RSA keys have the exponent 65537.
  std::string_view public_key_prefix;
  std::string_view public_key_suffix;
  std::string_view algorithm_id;  ///< AlgorithmIdentifier on a request (RFC 5758 section 3.2, 8410, 4055)
};

struct Key {
  std::string name;
  const Kind* kind;
  Bytes public_part;  ///< EC: 04, x, y; Ed25519: its 32 bytes; RSA: the modulus, big-endian

  [[nodiscard]] Bytes public_key_info() const;  ///< SubjectPublicKeyInfo, DER
};

/// What OpenSSL holds as the keydata of an EVP_PKEY; signature contexts hold copies.
using SharedKey = std::shared_ptr<const Key>;

inline constexpr unsigned long kRsaExponent = 65'537;

/// kInvalid: the public key is not one of the key's type.
[[nodiscard]] Result<SharedKey> key_of(const KeyInfo& info);

/// The hash that a caller names, in any spelling of OpenSSL's; none: no hash of ours.
[[nodiscard]] std::optional<Hash> hash_named(std::string_view digest);
/// How providers spell it.
[[nodiscard]] const char* digest_name(Hash hash);
[[nodiscard]] int digest_bytes(Hash hash);

/// Compares names as OpenSSL does: without regard to case.
[[nodiscard]] bool is_same_name(std::string_view a, std::string_view b);

}  // namespace privyseal::hsm::provider
