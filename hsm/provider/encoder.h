/// ENCODER: a key's public part as SubjectPublicKeyInfo (DER, PEM) and as text for people.
///
/// OpenSSL's own encoders can do the same through the export of the public part; these need no other
/// provider. There is no encoder of a private part.
#pragma once

#include <openssl/core.h>

namespace privyseal::hsm::provider {

/// For OSSL_OP_ENCODER; ends with an empty entry.
[[nodiscard]] const OSSL_ALGORITHM* encoders();

}  // namespace privyseal::hsm::provider
