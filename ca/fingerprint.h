/// How people tell one public key or certificate from another.
#pragma once

#include <string>
#include <string_view>

#include "firmware/base/bytes.h"

namespace privyseal::ca {

/// SHA-256 of a DER SubjectPublicKeyInfo, in hexadecimal: what
/// `openssl pkey -pubin -outform DER | sha256sum` says.
[[nodiscard]] std::string key_fingerprint(ByteView public_key);

/// A hexadecimal fingerprint for comparing by eye: "BA78 16BF ...", capitals in groups of four.
[[nodiscard]] std::string in_groups(std::string_view fingerprint);

}  // namespace privyseal::ca
