/// A public key as OpenSSL's programs read it.
#pragma once

#include <string>

#include "firmware/base/base64.h"

namespace privyseal::evidence {

/// `public_key` is a DER SubjectPublicKeyInfo (RFC 7468 section 13).
[[nodiscard]] inline std::string public_key_pem(ByteView public_key) {
  return "-----BEGIN PUBLIC KEY-----\n" + to_base64_lines(public_key, kPemLines) +
         "-----END PUBLIC KEY-----\n";
}

}  // namespace privyseal::evidence
