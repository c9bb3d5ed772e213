/// The public half of a key on the token, in software: what keyd checks the token with.
///
/// Uses OpenSSL's default provider only; no public key ever travels to the token.
///
/// A P-256 key that is asked often gets a table (p256_table.h), with which a good signature is seen to be
/// good in less than half the time. Whatever the table does not say yes to, OpenSSL's verification decides.
///
/// Threads: any; it never changes. Ownership: shared; copies are cheap.
#pragma once

#include <openssl/types.h>

#include <memory>

#include "firmware/base/bytes.h"
#include "firmware/base/result.h"
#include "hsm/keyd/scheme.h"
#include "hsm/wire.h"

namespace privyseal::keyd {

class P256TableOnDemand;

class PublicKey {
 public:
  /// From CKA_EC_POINT: a DER OCTET STRING around the uncompressed point (PKCS #11 v2.40
  /// section 2.3.3); some modules leave the OCTET STRING out.
  /// kInvalid: no such encoding, or no point of this curve.
  [[nodiscard]] static Result<PublicKey> from_ec_point(hsm::KeyType type, ByteView ec_point);

  /// From the CKA_EC_POINT of an Ed25519 key: 32 bytes, in a DER OCTET STRING, a BIT STRING, or bare: modules
  /// differ. kInvalid: none of them, or no point.
  [[nodiscard]] static Result<PublicKey> from_ed25519_point(ByteView ec_point);

  /// From CKA_MODULUS and CKA_PUBLIC_EXPONENT. kInvalid: not of the type's size, or badly made
  /// (rsa_modulus.h).
  [[nodiscard]] static Result<PublicKey> from_rsa(hsm::KeyType type, ByteView modulus, ByteView exponent);

  [[nodiscard]] hsm::KeyType type() const { return type_; }
  /// SubjectPublicKeyInfo, DER.
  [[nodiscard]] const Bytes& spki() const { return spki_; }

  /// Is this the holder's signature of `message`? False also when the scheme is none of the key's type.
  [[nodiscard]] bool verifies(Scheme scheme, ByteView message, ByteView signature) const;
  /// Has it been asked so often?
  [[nodiscard]] bool has_table() const;

 private:
  PublicKey(hsm::KeyType type, std::shared_ptr<EVP_PKEY> key, Bytes spki,
            std::shared_ptr<P256TableOnDemand> table = {})
      : type_(type), key_(std::move(key)), spki_(std::move(spki)), table_(std::move(table)) {}

  hsm::KeyType type_;
  std::shared_ptr<EVP_PKEY> key_;
  Bytes spki_;
  std::shared_ptr<P256TableOnDemand> table_;  // P-256 only
};

/// The token's r || s as the ECDSA-Sig-Value that TLS and X.509 want (RFC 3279 section 2.2.3).
/// kInvalid: not two numbers of the curve's size.
[[nodiscard]] Result<Bytes> ecdsa_sig_value(hsm::KeyType type, ByteView raw);

}  // namespace privyseal::keyd
