/// What keyd may sign when it is asked for a certification request: a
/// CertificationRequestInfo for the key's own public key, and nothing else
/// (RFC 2986 section 4.1).
///
/// Pure and total.
#pragma once

#include "firmware/base/bytes.h"
#include "firmware/base/result.h"

namespace privyseal::keyd {

/// kInvalid: not one whole CertificationRequestInfo of version 1 in its only (DER) spelling.
/// kDenied: it asks for a certificate of another public key than `spki`.
[[nodiscard]] Result<void> check_request_info(ByteView request_info, ByteView spki);

}  // namespace privyseal::keyd
