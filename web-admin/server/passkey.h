/// Passkeys: what a browser says about one, checked (WebAuthn level 2, sections 7.1 and 7.2).
///
/// Signatures, the authenticator's data and attestations are libfido2's work; the client data is checked
/// here. A user must have been verified (PIN or biometry); pages inside other pages are refused; a signature
/// counter that does not grow tells of a copied authenticator and is refused.
///
/// Pure: challenges are given by the caller, who sees to it that each is used once.
/// Threads: any.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "firmware/base/bytes.h"
#include "firmware/base/result.h"

namespace privyseal::web {

/// Who we are to an authenticator.
struct RelyingParty {
  std::string id;                    ///< a domain name
  std::vector<std::string> origins;  ///< "https://gateway.lawfirm.example:8443"
};

/// COSE algorithms that a passkey may have, the best first.
inline constexpr int kEs256 = -7;
inline constexpr int kEdDsa = -8;
inline constexpr int kRs256 = -257;

/// What is kept of a passkey: nothing secret.
struct Passkey {
  Bytes credential_id;
  int algorithm = 0;
  Bytes public_key;  ///< as libfido2 writes it for its algorithm
  std::uint32_t sign_count = 0;
};

/// What the browser gives back after navigator.credentials.create.
struct Registration {
  std::string client_data_json;
  Bytes attestation_object;
};

/// What the browser gives back after navigator.credentials.get.
struct Assertion {
  Bytes credential_id;
  std::string client_data_json;
  Bytes authenticator_data;
  Bytes signature;
};

enum class Ceremony { kCreate, kGet };

/// kDenied, with the reason in words: type, challenge, origin, or a page inside another page.
[[nodiscard]] Result<void> check_client_data(std::string_view json, Ceremony ceremony, ByteView challenge,
                                             const RelyingParty& party);

/// The new passkey. kDenied, with the reason in words.
[[nodiscard]] Result<Passkey> verify_registration(const RelyingParty& party, ByteView challenge,
                                                  const Registration& registration);

/// The new signature count. kDenied, with the reason in words.
[[nodiscard]] Result<std::uint32_t> verify_assertion(const RelyingParty& party, ByteView challenge,
                                                     const Passkey& passkey, const Assertion& assertion);

}  // namespace privyseal::web
