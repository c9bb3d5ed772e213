/// Is this signature by that key? ECDSA on P-256 with SHA-256, by mbed TLS and nothing else.
///
/// Threads: any.
#pragma once

#include "firmware/base/bytes.h"
#include "firmware/base/result.h"

namespace privyseal::provisioning {

/// kInvalid: `public_key` is no P-256 key in DER (SubjectPublicKeyInfo).
/// kDenied: the signature is not that key's over `message`.
[[nodiscard]] Result<void> check_signature(ByteView public_key, ByteView message, ByteView signature);

}  // namespace privyseal::provisioning
