/// What keyd may sign for a TLS peer: the input of a TLS 1.3 CertificateVerify
/// signature, and nothing else (RFC 8446 section 4.4.3).
///
/// It is 64 blanks, a context string that says which side signs, one zero byte and
/// the transcript hash (32 or 48 bytes). The form is what keeps a captured gateway
/// from using keyd as a signing oracle: no certificate, CSR, e-mail or TLS 1.2
/// message begins with 64 blanks and such a context string.
///
/// Pure and total.
#pragma once

#include <cstdint>
#include <optional>

#include "firmware/base/bytes.h"

namespace privyseal::keyd {

enum class Tls13Side : std::uint8_t { kClient, kServer };

/// The side that this message proves the key for; nothing when it is anything but a CertificateVerify input.
[[nodiscard]] std::optional<Tls13Side> certificate_verify_side(ByteView message);

}  // namespace privyseal::keyd
