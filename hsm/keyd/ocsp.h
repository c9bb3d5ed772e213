/// What keyd may sign with the appliance's own CA besides certificates and CRLs: an OCSP ResponseData (RFC
/// 6960 section 4.2.1) about certificates of that same CA.
///
/// keyd knows the CA by its key, not by its name, so the responder and the issuer of each certificate are
/// told by the hash of that key.
///
/// Pure and total: the clock is not asked.
#pragma once

#include "firmware/base/bytes.h"
#include "firmware/base/result.h"
#include "hsm/wire.h"

namespace privyseal::keyd {

struct OcspFacts {
  std::size_t certificates;
  std::size_t revoked;  ///< of them
};

/// `type` and `spki` are the CA key's. Passes when it is one whole ResponseData of version 1 in its only
/// (DER) spelling, by the responder with this key (byKey), about 1 to 32 certificates, each once and issued
/// by this key; each status good, revoked (not later than its thisUpdate) or unknown; thisUpdate <=
/// producedAt < nextUpdate, at most 7 days between the outer two; no extension but one nonce of 1 to 32 bytes
/// (RFC 8954). kInvalid: not well-formed. kDenied: well-formed, but nothing that this CA issues.
[[nodiscard]] Result<OcspFacts> check_response_data(ByteView response_data, hsm::KeyType type, ByteView spki);

}  // namespace privyseal::keyd
