/// The one who holds an issuing CA's private key: keyd, or a file in practice mode and tests.
///
/// Nothing that comes from it is believed: every certificate and CRL is verified with the public
/// key before it leaves (tbs.h).
///
/// Threads: as the implementation says.
#pragma once

#include "firmware/base/bytes.h"
#include "firmware/base/result.h"

namespace privyseal::authority {

class Signer {
 public:
  virtual ~Signer() = default;

  /// SubjectPublicKeyInfo, DER: P-256 (signs with SHA-256) or P-384 (SHA-384).
  [[nodiscard]] virtual const Bytes& public_key() const = 0;
  /// DER ECDSA-Sig-Value over a TBSCertificate (RFC 5280 section 4.1).
  [[nodiscard]] virtual Result<Bytes> sign_certificate(ByteView tbs_certificate) = 0;
  /// DER ECDSA-Sig-Value over a TBSCertList (RFC 5280 section 5.1).
  [[nodiscard]] virtual Result<Bytes> sign_crl(ByteView tbs_cert_list) = 0;
};

}  // namespace privyseal::authority
