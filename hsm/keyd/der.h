/// The one spelling of DER, and the shell that OpenSSL wants around what is still to be signed.
///
/// Why by hand: OpenSSL reads more spellings than DER, and keeps the bytes of names and extensions
/// as it read them, so that encoding again does not show a second spelling inside one.
///
/// Pure and total.
#pragma once

#include "firmware/base/bytes.h"
#include "hsm/wire.h"

namespace privyseal::keyd {

/// Whole TLVs one behind the other, at every level: low tag numbers, definite and shortest lengths,
/// BOOLEANs of all zeros or all ones. Longer than 65535 bytes or nested deeper than 32 is none.
[[nodiscard]] bool is_der(ByteView bytes);

/// What is inside a SEQUENCE that is all of `der`; empty when it is none.
[[nodiscard]] ByteView content_of_sequence(ByteView der);

/// AlgorithmIdentifier of what a key of this type signs that is not TLS, DER
/// (RFC 5758 section 3.2, RFC 8410 section 3, RFC 4055 section 5).
[[nodiscard]] ByteView signature_algorithm_of(hsm::KeyType type);

/// SEQUENCE { to_be_signed, signature algorithm of `type`, empty BIT STRING }: how OpenSSL reads a
/// CertificationRequestInfo, TBSCertificate or TBSCertList, for which it has no accessors alone.
[[nodiscard]] Bytes with_empty_signature(ByteView to_be_signed, hsm::KeyType type);

}  // namespace privyseal::keyd
