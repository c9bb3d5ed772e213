#include "hsm/keyd/token_signature.h"

#include <array>
#include <span>
#include <string>

#include "firmware/base/check.h"
#include "hsm/key_kind.h"
#include "hsm/keyd/public_key.h"
#include "hsm/pkcs11/mechanism.h"

namespace privyseal::keyd {
namespace {

constexpr std::array kEcNeeds{NeededMechanism{CKM_EC_KEY_PAIR_GEN, "CKM_EC_KEY_PAIR_GEN"},
                              NeededMechanism{CKM_ECDSA, "CKM_ECDSA"}};
constexpr std::array kEd25519Needs{
    NeededMechanism{CKM_EC_EDWARDS_KEY_PAIR_GEN, "CKM_EC_EDWARDS_KEY_PAIR_GEN"},
    NeededMechanism{CKM_EDDSA, "CKM_EDDSA"}};
constexpr std::array kRsaNeeds{NeededMechanism{CKM_RSA_PKCS_KEY_PAIR_GEN, "CKM_RSA_PKCS_KEY_PAIR_GEN"},
                               NeededMechanism{CKM_RSA_PKCS_PSS, "CKM_RSA_PKCS_PSS"},
                               NeededMechanism{CKM_RSA_PKCS, "CKM_RSA_PKCS"}};

TokenCall pss_call(Scheme scheme, CK_MECHANISM_TYPE hash, ByteView message) {
  const CK_RSA_PKCS_PSS_PARAMS parameter = pkcs11::pss_parameter(hash);
  return {.mechanism = CKM_RSA_PKCS_PSS,
          .parameter = copy_of(std::as_bytes(std::span(&parameter, 1))),
          .input = digest_for(scheme, message)};
}

/// DigestInfo of SHA-256 (RFC 8017 section 9.2): with CKM_RSA_PKCS the caller makes it.
TokenCall pkcs1_call(ByteView message) {
  static constexpr auto kDigestInfo =
      std::to_array<unsigned char>({0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03,
                                    0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20});
  TokenCall call{
      .mechanism = CKM_RSA_PKCS, .parameter = {}, .input = copy_of(std::as_bytes(std::span(kDigestInfo)))};
  append(call.input, digest_for(Scheme::kPkcs1Sha256, message));
  return call;
}

}  // namespace

TokenCall token_call_for(Scheme scheme, ByteView message, const pkcs11::Quirks& quirks) {
  switch (scheme) {
    case Scheme::kEcdsaSha256:
    case Scheme::kEcdsaSha384:
      return {.mechanism = CKM_ECDSA, .parameter = {}, .input = digest_for(scheme, message)};
    case Scheme::kEd25519:
      return {.mechanism = CKM_EDDSA, .parameter = {}, .input = copy_of(message)};
    case Scheme::kPssSha256:
      return pss_call(scheme, CKM_SHA256, message);
    case Scheme::kPssSha384:
      return pss_call(scheme, CKM_SHA384, message);
    case Scheme::kPssSha512:
      return pss_call(scheme, CKM_SHA512, message);
    case Scheme::kPkcs1Sha256:
      if (quirks.hashes_for_pkcs1)
        return {.mechanism = CKM_SHA256_RSA_PKCS, .parameter = {}, .input = copy_of(message)};
      return pkcs1_call(message);
  }
  CHECK(false);
}

Result<Bytes> signature_from_token(hsm::KeyType type, ByteView raw) {
  constexpr std::size_t kEd25519Bytes = 64;
  const hsm::KeyKind& kind = hsm::kind_of(type);
  if (kind.family == hsm::KeyFamily::kEc) return ecdsa_sig_value(type, raw);
  const std::size_t wanted = kind.family == hsm::KeyFamily::kRsa ? kind.bits / 8 : kEd25519Bytes;
  if (raw.size() != wanted)
    return fail(ErrorCode::kInvalid, "signature: it does not have " + std::to_string(wanted) + " bytes");
  return copy_of(raw);
}

std::span<const NeededMechanism> needed_mechanisms(hsm::KeyType type) {
  switch (hsm::kind_of(type).family) {
    case hsm::KeyFamily::kEc:
      return kEcNeeds;
    case hsm::KeyFamily::kEd25519:
      return kEd25519Needs;
    case hsm::KeyFamily::kRsa:
      return kRsaNeeds;
  }
  CHECK(false);
}

CK_MECHANISM_TYPE generation_mechanism(hsm::KeyType type) {
  return needed_mechanisms(type).front().mechanism;
}

}  // namespace privyseal::keyd
