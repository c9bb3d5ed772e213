/// The curves that Privyseal uses, as PKCS#11 spells them.
#pragma once

#include <p11-kit/pkcs11.h>

#include <array>

#include "firmware/base/bytes.h"

namespace privyseal::pkcs11 {

enum class Curve { kP256, kP384 };

/// CKA_EC_PARAMS: the curve's object identifier, DER (RFC 5480 section 2.1.1.1).
[[nodiscard]] inline ByteView ec_params(Curve curve) {
  static constexpr auto kP256Oid = std::to_array<unsigned char>(
      {0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07});  // 1.2.840.10045.3.1.7
  static constexpr auto kP384Oid =
      std::to_array<unsigned char>({0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x22});  // 1.3.132.0.34
  if (curve == Curve::kP256) return std::as_bytes(std::span(kP256Oid));
  return std::as_bytes(std::span(kP384Oid));
}

}  // namespace privyseal::pkcs11
