/// Whether two people have approved that a retired key is destroyed: two passkeys of two persons, whose
/// public keys the signed provisioning file names (hsm/approvers.h), over one text (hsm/destruction.h).
///
/// The form is WebAuthn's (level 2, section 7.2): a passkey signs the authenticator's data and the SHA-256 of
/// the client data, in which a browser, or a tool, has put the challenge. The client data is compared with
/// what it must begin with, as section 5.8.1.2 has it for those who want no JSON parser. Signature counters
/// are not kept here: a copied authenticator is still one of two.
///
/// Pure and total.
#pragma once

#include <string>
#include <vector>

#include "firmware/base/clock.h"
#include "hsm/destruction.h"
#include "hsm/keyd/public_key.h"
#include "hsm/wire.h"

namespace privyseal::keyd {

struct Approver {
  std::string person;  ///< as a key's name; one person may have several passkeys
  PublicKey passkey;   ///< P-256 or Ed25519
  /// The first 16 hexadecimal digits of the SHA-256 of its SubjectPublicKeyInfo.
  [[nodiscard]] std::string fingerprint() const;
};

/// Without approvers nothing is ever approved.
struct ApprovalRules {
  std::string site{};                  ///< the relying party's id: the console's host name
  std::vector<std::string> origins{};  ///< the console's, as browsers write them
  std::vector<Approver> approvers{};
  /// "2 of alice (0123456789abcdef), bob (...) approve that a key is destroyed"; empty: there are none.
  [[nodiscard]] std::string in_words() const;
};

/// One line of the file. kInvalid: it is none, or its passkey no point of the curve.
[[nodiscard]] Result<Approver> parse_approver(std::string_view text);
/// The whole file that names the approvers (hsm/approvers.h). kInvalid, in words.
[[nodiscard]] Result<std::vector<Approver>> parse_approvers(std::string_view file);

/// Nothing: the approval stands. kDenied, in words: it does not.
[[nodiscard]] Result<void> check_approval(const ApprovalRules& rules, std::string_view text,
                                          const hsm::Approval& approval);

/// What is to be destroyed, when `asked` is for this host and key, not too late, and approved by two persons.
/// kDenied, in words.
[[nodiscard]] Result<hsm::Destruction> check_destruction(const ApprovalRules& rules, std::string_view host,
                                                         WallTime now, const hsm::DestroyRequest& asked);

}  // namespace privyseal::keyd
