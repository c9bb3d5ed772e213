#include "hsm/keyd/token_public_key.h"

#include <algorithm>

#include "hsm/key_kind.h"
#include "hsm/pkcs11/mechanism.h"

namespace privyseal::keyd {
namespace {

using pkcs11::ObjectHandle;
using pkcs11::Session;

Result<PublicKey> ec_key(const Session& session, ObjectHandle public_key) {
  const auto parameters = session.bytes_of_attribute(public_key, CKA_EC_PARAMS);
  if (!parameters) return std::unexpected(parameters.error());
  const auto point = session.bytes_of_attribute(public_key, CKA_EC_POINT);
  if (!point) return std::unexpected(point.error());
  const auto is_on = [&](ByteView curve) { return std::ranges::equal(*parameters, curve); };
  if (is_on(pkcs11::ec_params(pkcs11::Curve::kP256)))
    return PublicKey::from_ec_point(hsm::KeyType::kEcP256, *point);
  if (is_on(pkcs11::ec_params(pkcs11::Curve::kP384)))
    return PublicKey::from_ec_point(hsm::KeyType::kEcP384, *point);
  if (is_on(pkcs11::ec_params(pkcs11::Curve::kEd25519)) || is_on(pkcs11::ed25519_name()))
    return PublicKey::from_ed25519_point(*point);
  return fail(ErrorCode::kInvalid, "CKA_EC_PARAMS is none of P-256, P-384 and Ed25519");
}

Result<PublicKey> rsa_key(const Session& session, ObjectHandle public_key) {
  const auto modulus = session.bytes_of_attribute(public_key, CKA_MODULUS);
  if (!modulus) return std::unexpected(modulus.error());
  const auto exponent = session.bytes_of_attribute(public_key, CKA_PUBLIC_EXPONENT);
  if (!exponent) return std::unexpected(exponent.error());
  for (const hsm::KeyKind& kind : hsm::kKeyKinds)
    if (kind.family == hsm::KeyFamily::kRsa &&
        modulus->size() / 8 == kind.bits / 64)  // zeros may stand in front
      return PublicKey::from_rsa(kind.type, *modulus, *exponent);
  return fail(ErrorCode::kInvalid, "its modulus has none of 2048, 3072 and 4096 bits");
}

}  // namespace

Result<PublicKey> read_public_key(const Session& session, ObjectHandle public_key) {
  const auto kind = session.bytes_of_attribute(public_key, CKA_KEY_TYPE);
  if (!kind) return std::unexpected(kind.error());
  const CK_KEY_TYPE rsa = CKK_RSA;
  if (std::ranges::equal(*kind, std::as_bytes(std::span(&rsa, 1)))) return rsa_key(session, public_key);
  return ec_key(session, public_key);
}

}  // namespace privyseal::keyd
