/// How people tell one public key from another.
#pragma once

#include <string>

#include "firmware/base/bytes.h"

namespace privyseal::ca {

/// SHA-256 of a DER SubjectPublicKeyInfo, in hexadecimal: what
/// `openssl pkey -pubin -outform DER | sha256sum` says.
[[nodiscard]] std::string key_fingerprint(ByteView public_key);

}  // namespace privyseal::ca
