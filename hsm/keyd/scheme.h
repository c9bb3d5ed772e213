/// How a key signs: the ways that keyd knows, and which of them a key's type and use leave open.
///
/// keyd hashes itself, so that the token is asked for the bare operation only: not every module has
/// mechanisms that hash and sign.
///
/// Pure.
#pragma once

#include <cstdint>

#include "firmware/base/bytes.h"
#include "firmware/base/result.h"
#include "hsm/wire.h"

namespace privyseal::keyd {

enum class Scheme : std::uint8_t {
  kEcdsaSha256,
  kEcdsaSha384,
  kEd25519,  ///< of the message itself (RFC 8032 section 5.1)
  kPssSha256,
  kPssSha384,
  kPssSha512,    ///< RSASSA-PSS, its mask and salt by the same hash (RFC 8446 section 4.2.3)
  kPkcs1Sha256,  ///< RSASSA-PKCS1-v1_5: for what is not TLS
};

/// In a TLS 1.3 CertificateVerify. kInvalid: keys of this type do not sign with that hash.
[[nodiscard]] Result<Scheme> tls13_scheme(hsm::KeyType type, hsm::Hash hash);

/// On a certification request, certificate, CRL or checkpoint.
[[nodiscard]] Scheme document_scheme(hsm::KeyType type);

/// OpenSSL's name of the hash; null for Ed25519.
[[nodiscard]] const char* digest_name(Scheme scheme);

/// The hash of the message; for Ed25519 the message.
[[nodiscard]] Bytes digest_for(Scheme scheme, ByteView message);

}  // namespace privyseal::keyd
