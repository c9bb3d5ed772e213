/// What keyd may sign with the appliance's own CA besides certificates: a TBSCertList (RFC 5280 section
/// 5.1), that is a whole list with a number, which says when the next one comes.
///
/// Pure and total: the clock is not asked.
#pragma once

#include <string>

#include "firmware/base/bytes.h"
#include "firmware/base/result.h"
#include "hsm/wire.h"

namespace privyseal::keyd {

struct CrlFacts {
  std::string number;   ///< hexadecimal
  std::size_t entries;  ///< certificates that it revokes
};

/// `type` is the CA key's. Passes when it is one whole TBSCertList of version 2 in its only (DER) spelling,
/// with the algorithm of the CA key, an issuer, a CRL number, a nextUpdate at most 40 days after thisUpdate
/// and no critical extension (neither of the list nor of an entry: deltas and partial lists have one).
/// kInvalid: not well-formed. kDenied: well-formed, but nothing that this CA issues.
[[nodiscard]] Result<CrlFacts> check_tbs_cert_list(ByteView tbs, hsm::KeyType type);

}  // namespace privyseal::keyd
