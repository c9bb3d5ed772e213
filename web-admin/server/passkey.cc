#include "web-admin/server/passkey.h"

#include <fido.h>
#include <fido/eddsa.h>
#include <fido/es256.h>
#include <fido/rs256.h>

#include <algorithm>
#include <memory>

#include "firmware/base/base64.h"
#include "firmware/base/json.h"
#include "web-admin/server/crypto.h"

namespace privyseal::web {
namespace {

constexpr std::size_t kMaxClientData = 4096;
constexpr std::size_t kMaxAttestation = 16 * 1024;
constexpr std::uint8_t kUserPresent = 0x01;
constexpr std::uint8_t kUserVerified = 0x04;

struct FreeCredential {
  void operator()(fido_cred_t* credential) const { fido_cred_free(&credential); }
};
struct FreeAssertion {
  void operator()(fido_assert_t* assertion) const { fido_assert_free(&assertion); }
};
using CredentialPtr = std::unique_ptr<fido_cred_t, FreeCredential>;
using AssertionPtr = std::unique_ptr<fido_assert_t, FreeAssertion>;

std::unexpected<Error> deny(std::string why) {
  return fail(ErrorCode::kDenied, "passkey: " + std::move(why));
}

ByteView view(const unsigned char* bytes, std::size_t size) {
  return std::as_bytes(std::span(bytes, bytes == nullptr ? 0 : size));
}

/// The attestation taken apart as a credential of one algorithm; null: it is of another, or malformed.
CredentialPtr credential_of(int algorithm, const RelyingParty& party, const Registration& registration) {
  CredentialPtr credential(fido_cred_new());
  const Digest hash = sha256(bytes_of(registration.client_data_json));
  const bool taken = credential != nullptr && fido_cred_set_type(credential.get(), algorithm) == FIDO_OK &&
                     fido_cred_set_clientdata_hash(credential.get(), uchar(hash), hash.size()) == FIDO_OK &&
                     fido_cred_set_rp(credential.get(), party.id.c_str(), nullptr) == FIDO_OK &&
                     fido_cred_set_uv(credential.get(), FIDO_OPT_TRUE) == FIDO_OK &&
                     fido_cred_set_attobj(credential.get(), uchar(registration.attestation_object),
                                          registration.attestation_object.size()) == FIDO_OK;
  if (!taken) credential.reset();
  return credential;
}

/// We ask for no attestation and trust none; one that is given all the same must at least be right.
bool is_attestation_sound(const fido_cred_t* credential) {
  const std::string_view format = fido_cred_fmt(credential) == nullptr ? "" : fido_cred_fmt(credential);
  if (format == "none") return true;
  if (fido_cred_x5c_ptr(credential) != nullptr) return fido_cred_verify(credential) == FIDO_OK;
  return fido_cred_verify_self(credential) == FIDO_OK;
}

/// libfido2 looks at these only where there is an attestation.
Result<void> check_authenticator(const fido_cred_t* credential, const RelyingParty& party) {
  const ByteView data = view(fido_cred_authdata_raw_ptr(credential), fido_cred_authdata_raw_len(credential));
  const Digest wanted = sha256(bytes_of(party.id));
  if (data.size() < wanted.size() || !std::ranges::equal(data.first(wanted.size()), wanted))
    return deny("it was made for another site");
  const std::uint8_t flags = fido_cred_flags(credential);
  if ((flags & kUserPresent) == 0) return deny("nobody touched the authenticator");
  if ((flags & kUserVerified) == 0) return deny("the authenticator did not verify its user");
  return {};
}

/// A public key in libfido2's form, ready for fido_assert_verify. Null: malformed.
std::shared_ptr<const void> loaded_key(const Passkey& passkey) {
  const auto* bytes = passkey.public_key.data();
  const std::size_t size = passkey.public_key.size();
  if (passkey.algorithm == kEs256) {
    std::shared_ptr<es256_pk_t> key(es256_pk_new(), [](es256_pk_t* k) { es256_pk_free(&k); });
    return key && es256_pk_from_ptr(key.get(), bytes, size) == FIDO_OK ? key : nullptr;
  }
  if (passkey.algorithm == kEdDsa) {
    std::shared_ptr<eddsa_pk_t> key(eddsa_pk_new(), [](eddsa_pk_t* k) { eddsa_pk_free(&k); });
    return key && eddsa_pk_from_ptr(key.get(), bytes, size) == FIDO_OK ? key : nullptr;
  }
  std::shared_ptr<rs256_pk_t> key(rs256_pk_new(), [](rs256_pk_t* k) { rs256_pk_free(&k); });
  return key && rs256_pk_from_ptr(key.get(), bytes, size) == FIDO_OK ? key : nullptr;
}

/// Why fido_assert_verify said no, as far as the data tells.
std::string refusal_of(const RelyingParty& party, const Assertion& assertion) {
  const Digest wanted = sha256(bytes_of(party.id));
  const ByteView data = assertion.authenticator_data;
  if (data.size() <= wanted.size()) return "the authenticator's data is cut off";
  if (!std::ranges::equal(data.first(wanted.size()), wanted)) return "it was used for another site";
  const auto flags = std::to_integer<std::uint8_t>(data[wanted.size()]);
  if ((flags & kUserPresent) == 0) return "nobody touched the authenticator";
  if ((flags & kUserVerified) == 0) return "the authenticator did not verify its user";
  return "the signature is not this passkey's";
}

/// Authenticator data comes raw from a browser; libfido2 wants it as a CBOR byte string or takes it raw.
AssertionPtr assertion_of(const RelyingParty& party, const Assertion& given) {
  AssertionPtr assertion(fido_assert_new());
  const Digest hash = sha256(bytes_of(given.client_data_json));
  const bool taken =
      assertion != nullptr &&
      fido_assert_set_clientdata_hash(assertion.get(), uchar(hash), hash.size()) == FIDO_OK &&
      fido_assert_set_rp(assertion.get(), party.id.c_str()) == FIDO_OK &&
      fido_assert_set_count(assertion.get(), 1) == FIDO_OK &&
      fido_assert_set_up(assertion.get(), FIDO_OPT_TRUE) == FIDO_OK &&
      fido_assert_set_uv(assertion.get(), FIDO_OPT_TRUE) == FIDO_OK &&
      fido_assert_set_authdata_raw(assertion.get(), 0, uchar(given.authenticator_data),
                                   given.authenticator_data.size()) == FIDO_OK &&
      fido_assert_set_sig(assertion.get(), 0, uchar(given.signature), given.signature.size()) == FIDO_OK;
  if (!taken) assertion.reset();
  return assertion;
}

}  // namespace

Result<void> check_client_data(std::string_view json, Ceremony ceremony, ByteView challenge,
                               const RelyingParty& party) {
  if (json.size() > kMaxClientData) return deny("the client data is too long");
  const auto data = parse_json_object(json);
  if (!data) return deny("the client data is malformed");
  const auto type = json_text(*data, "type", "");
  const auto signed_challenge = json_text(*data, "challenge", "");
  const auto origin = json_text(*data, "origin", "");
  const auto cross_origin = json_flag(*data, "crossOrigin", false);
  if (!type || !signed_challenge || !origin || !cross_origin) return deny("the client data is malformed");
  if (*type != (ceremony == Ceremony::kCreate ? "webauthn.create" : "webauthn.get"))
    return deny("it answers another question");
  if (challenge.empty() || !is_same_secret(bytes_of(*signed_challenge), bytes_of(to_base64url(challenge))))
    return deny("it answers another challenge");
  if (std::ranges::find(party.origins, *origin) == party.origins.end())
    return deny("it comes from another site");
  if (*cross_origin || data->contains("topOrigin")) return deny("the page was inside another page");
  return {};
}

Result<Passkey> verify_registration(const RelyingParty& party, ByteView challenge,
                                    const Registration& registration) {
  if (auto checked = check_client_data(registration.client_data_json, Ceremony::kCreate, challenge, party);
      !checked)
    return std::unexpected(checked.error());
  if (registration.attestation_object.size() > kMaxAttestation) return deny("the attestation is too long");
  fido_init(FIDO_DISABLE_U2F_FALLBACK);
  for (const int algorithm : {kEs256, kEdDsa, kRs256}) {
    const CredentialPtr credential = credential_of(algorithm, party, registration);
    if (!credential) continue;
    if (auto checked = check_authenticator(credential.get(), party); !checked)
      return std::unexpected(checked.error());
    if (!is_attestation_sound(credential.get())) return deny("its attestation is not right");
    Passkey passkey{.credential_id =
                        copy_of(view(fido_cred_id_ptr(credential.get()), fido_cred_id_len(credential.get()))),
                    .algorithm = algorithm,
                    .public_key = copy_of(
                        view(fido_cred_pubkey_ptr(credential.get()), fido_cred_pubkey_len(credential.get()))),
                    .sign_count = fido_cred_sigcount(credential.get())};
    if (passkey.credential_id.empty() || !loaded_key(passkey)) return deny("it has no key");
    return passkey;
  }
  return deny("the attestation is malformed, or of an algorithm that is not taken");
}

Result<std::uint32_t> verify_assertion(const RelyingParty& party, ByteView challenge, const Passkey& passkey,
                                       const Assertion& assertion) {
  if (auto checked = check_client_data(assertion.client_data_json, Ceremony::kGet, challenge, party);
      !checked)
    return std::unexpected(checked.error());
  if (assertion.credential_id != passkey.credential_id) return deny("it is another passkey");
  fido_init(FIDO_DISABLE_U2F_FALLBACK);
  const auto key = loaded_key(passkey);
  const AssertionPtr given = assertion_of(party, assertion);
  if (!key || !given) return deny("the authenticator's data is malformed");
  if (fido_assert_verify(given.get(), 0, passkey.algorithm, key.get()) != FIDO_OK)
    return deny(refusal_of(party, assertion));
  const std::uint32_t count = fido_assert_sigcount(given.get(), 0);
  if ((count != 0 || passkey.sign_count != 0) && count <= passkey.sign_count)
    return deny("its signature counter went back, as that of a copy would");
  return count;
}

}  // namespace privyseal::web
