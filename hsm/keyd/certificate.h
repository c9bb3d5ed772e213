/// What keyd may sign with the appliance's own CA: a TBSCertificate (RFC 5280 section 4.1) that is either
/// the CA's own root or a short-lived end-entity certificate for TLS. Whoever captures renewal gets no
/// other CA out of keyd, and no certificate that speaks for the CA's key.
///
/// Pure and total: the clock is not asked, only the length of the validity counts.
#pragma once

#include <cstdint>
#include <string>

#include "firmware/base/bytes.h"
#include "firmware/base/result.h"
#include "hsm/wire.h"

namespace privyseal::keyd {

enum class CertificateKind : std::uint8_t { kOwnRoot, kEndEntity };

struct CertificateFacts {
  CertificateKind kind;
  std::string serial;  ///< hexadecimal
};

/// `type` and `spki` are the CA key's. Passes when it is one whole TBSCertificate of version 3 in its only
/// (DER) spelling, with a positive serial number of 8 to 20 octets, the algorithm of the CA key, no unique
/// ids and no critical extension that keyd does not know; and either
/// - the root: subject and issuer are the same, its key is the CA's, CA:TRUE with path length 0, key usage
///   exactly keyCertSign and cRLSign, at most 20 years; or
/// - an end entity: another key, CA:FALSE, key usage exactly digitalSignature, extended key usage
///   serverAuth, clientAuth or both, a subjectAltName, at most 398 days.
/// kInvalid: not well-formed. kDenied: well-formed, but nothing that this CA issues.
[[nodiscard]] Result<CertificateFacts> check_tbs_certificate(ByteView tbs, hsm::KeyType type, ByteView spki);

}  // namespace privyseal::keyd
