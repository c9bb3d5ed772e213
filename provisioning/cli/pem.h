/// A public key as OpenSSL's programs read it.
#pragma once

#include <string>

#include "firmware/base/base64.h"

namespace privyseal::cli {

/// `public_key` is a DER SubjectPublicKeyInfo (RFC 7468 section 13).
[[nodiscard]] inline std::string public_key_pem(ByteView public_key) {
  constexpr std::size_t kLine = 64;
  const std::string base64 = to_base64(public_key);
  std::string pem = "-----BEGIN PUBLIC KEY-----\n";
  for (std::size_t i = 0; i < base64.size(); i += kLine) pem += base64.substr(i, kLine) + "\n";
  return pem + "-----END PUBLIC KEY-----\n";
}

}  // namespace privyseal::cli
