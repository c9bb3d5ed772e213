/// The curves and mechanisms that Privyseal uses, as PKCS#11 spells them.
#pragma once

#include <p11-kit/pkcs11.h>

#include <array>

#include "firmware/base/bytes.h"

namespace privyseal::pkcs11 {

enum class Curve { kP256, kP384, kEd25519 };

/// CKA_EC_PARAMS: the curve's object identifier, DER (RFC 5480 section 2.1.1.1, RFC 8410 section 3).
[[nodiscard]] inline ByteView ec_params(Curve curve) {
  static constexpr auto kP256Oid = std::to_array<unsigned char>(
      {0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07});  // 1.2.840.10045.3.1.7
  static constexpr auto kP384Oid =
      std::to_array<unsigned char>({0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x22});  // 1.3.132.0.34
  static constexpr auto kEd25519Oid =
      std::to_array<unsigned char>({0x06, 0x03, 0x2b, 0x65, 0x70});  // 1.3.101.112
  switch (curve) {
    case Curve::kP256:
      return std::as_bytes(std::span(kP256Oid));
    case Curve::kP384:
      return std::as_bytes(std::span(kP384Oid));
    case Curve::kEd25519:
      return std::as_bytes(std::span(kEd25519Oid));
  }
  return {};
}

/// The other spelling of Ed25519 (PKCS #11 v3.0 section 2.3.5): PrintableString "edwards25519".
[[nodiscard]] inline ByteView ed25519_name() {
  static constexpr auto kName =
      std::to_array<unsigned char>({0x13, 0x0c, 'e', 'd', 'w', 'a', 'r', 'd', 's', '2', '5', '5', '1', '9'});
  return std::as_bytes(std::span(kName));
}

/// Parameter of CKM_RSA_PKCS_PSS with the mask and the salt of the hash's own kind and size.
[[nodiscard]] inline CK_RSA_PKCS_PSS_PARAMS pss_parameter(CK_MECHANISM_TYPE hash) {
  switch (hash) {
    case CKM_SHA384:
      return {.hashAlg = hash, .mgf = CKG_MGF1_SHA384, .sLen = 48};
    case CKM_SHA512:
      return {.hashAlg = hash, .mgf = CKG_MGF1_SHA512, .sLen = 64};
    default:
      return {.hashAlg = CKM_SHA256, .mgf = CKG_MGF1_SHA256, .sLen = 32};
  }
}

}  // namespace privyseal::pkcs11
