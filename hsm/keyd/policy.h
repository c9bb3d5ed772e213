/// Who may ask keyd for what: one table. What is not listed is denied.
///
/// A key's role is fixed when it is made (it is part of the token object's label),
/// so a grant names the role and never a single key.
///
/// Pure; everything here can be asked at compile time, and the promises that the
/// threat model makes are asserted below the table.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string_view>

#include "hsm/wire.h"

namespace privyseal::keyd {

using hsm::KeyRole;

/// A program that may connect; the configuration says which users run it.
enum class Caller : std::uint8_t { kGateway, kProvisioning, kRenewal, kConsole };
inline constexpr std::array kCallers{Caller::kGateway, Caller::kProvisioning, Caller::kRenewal,
                                     Caller::kConsole};

[[nodiscard]] constexpr std::string_view to_string(Caller caller) {
  constexpr std::array<std::string_view, kCallers.size()> kNames{"gateway", "provisioning", "renewal",
                                                                 "console"};
  return kNames.at(static_cast<std::size_t>(caller));
}

enum class Operation : std::uint8_t {
  kHealth,
  kListKeys,  ///< those in use, or the retired ones that are still on the token
  kCountUses,
  kFindKey,
  kSignTls13Client,
  kSignTls13Server,
  kSignCsr,
  kGenerate,
  kSignCheckpoint,
  kSignCertificate,
  kSignCrl,
  kRetire,
  kReadAudit,
  kSignOcsp,
  kSignTls12Server,  ///< where keyd's settings except it (tls12_exception.h)
  kDestroy,          ///< where two persons have approved it (approval.h)
};

[[nodiscard]] constexpr std::string_view to_string(Operation operation) {
  constexpr std::array<std::string_view, 16> kNames{
      "health",           "list-keys",         "count-uses",
      "find-key",         "sign-tls13-client", "sign-tls13-server",
      "sign-csr",         "generate",          "sign-checkpoint",
      "sign-certificate", "sign-crl",          "retire",
      "read-audit",       "sign-ocsp",         "sign-tls12-server",
      "destroy"};
  return kNames.at(static_cast<std::size_t>(operation));
}

struct Grant {
  Caller caller;
  Operation operation;
  std::optional<KeyRole> role;  ///< none: the operation is about no key
};

inline constexpr std::array kGrants{
    Grant{Caller::kGateway, Operation::kHealth, {}},
    Grant{Caller::kGateway, Operation::kCountUses, {}},
    Grant{Caller::kGateway, Operation::kFindKey, KeyRole::kCjsmIdentity},
    Grant{Caller::kGateway, Operation::kFindKey, KeyRole::kLanIdentity},
    Grant{Caller::kGateway, Operation::kFindKey, KeyRole::kAudit},
    Grant{Caller::kGateway, Operation::kSignTls13Client, KeyRole::kCjsmIdentity},
    Grant{Caller::kGateway, Operation::kSignTls13Server, KeyRole::kCjsmIdentity},
    Grant{Caller::kGateway, Operation::kSignTls13Server, KeyRole::kLanIdentity},
    Grant{Caller::kGateway, Operation::kSignTls12Server, KeyRole::kCjsmIdentity},
    Grant{Caller::kGateway, Operation::kSignTls12Server, KeyRole::kLanIdentity},
    Grant{Caller::kGateway, Operation::kSignCheckpoint, KeyRole::kAudit},

    Grant{Caller::kProvisioning, Operation::kHealth, {}},
    Grant{Caller::kProvisioning, Operation::kListKeys, {}},
    Grant{Caller::kProvisioning, Operation::kCountUses, {}},
    Grant{Caller::kProvisioning, Operation::kFindKey, KeyRole::kCjsmIdentity},
    Grant{Caller::kProvisioning, Operation::kFindKey, KeyRole::kLanIdentity},
    Grant{Caller::kProvisioning, Operation::kFindKey, KeyRole::kAudit},
    Grant{Caller::kProvisioning, Operation::kFindKey, KeyRole::kIssuingCa},
    Grant{Caller::kProvisioning, Operation::kFindKey, KeyRole::kConsoleIdentity},
    Grant{Caller::kProvisioning, Operation::kGenerate, KeyRole::kCjsmIdentity},
    Grant{Caller::kProvisioning, Operation::kGenerate, KeyRole::kLanIdentity},
    Grant{Caller::kProvisioning, Operation::kGenerate, KeyRole::kAudit},
    Grant{Caller::kProvisioning, Operation::kGenerate, KeyRole::kIssuingCa},
    Grant{Caller::kProvisioning, Operation::kGenerate, KeyRole::kConsoleIdentity},
    Grant{Caller::kProvisioning, Operation::kSignCsr, KeyRole::kCjsmIdentity},
    Grant{Caller::kProvisioning, Operation::kSignCsr, KeyRole::kLanIdentity},
    Grant{Caller::kProvisioning, Operation::kSignCsr, KeyRole::kConsoleIdentity},
    Grant{Caller::kProvisioning, Operation::kSignCheckpoint, KeyRole::kAudit},
    Grant{Caller::kProvisioning, Operation::kDestroy, KeyRole::kCjsmIdentity},
    Grant{Caller::kProvisioning, Operation::kDestroy, KeyRole::kLanIdentity},
    Grant{Caller::kProvisioning, Operation::kDestroy, KeyRole::kConsoleIdentity},
    Grant{Caller::kProvisioning, Operation::kReadAudit, {}},

    Grant{Caller::kRenewal, Operation::kHealth, {}},
    Grant{Caller::kRenewal, Operation::kListKeys, {}},
    Grant{Caller::kRenewal, Operation::kCountUses, {}},
    Grant{Caller::kRenewal, Operation::kFindKey, KeyRole::kCjsmIdentity},
    Grant{Caller::kRenewal, Operation::kFindKey, KeyRole::kLanIdentity},
    Grant{Caller::kRenewal, Operation::kFindKey, KeyRole::kAudit},
    Grant{Caller::kRenewal, Operation::kFindKey, KeyRole::kIssuingCa},
    Grant{Caller::kRenewal, Operation::kFindKey, KeyRole::kConsoleIdentity},
    Grant{Caller::kRenewal, Operation::kGenerate, KeyRole::kCjsmIdentity},
    Grant{Caller::kRenewal, Operation::kGenerate, KeyRole::kLanIdentity},
    Grant{Caller::kRenewal, Operation::kGenerate, KeyRole::kConsoleIdentity},
    Grant{Caller::kRenewal, Operation::kSignCsr, KeyRole::kCjsmIdentity},
    Grant{Caller::kRenewal, Operation::kSignCsr, KeyRole::kLanIdentity},
    Grant{Caller::kRenewal, Operation::kSignCsr, KeyRole::kConsoleIdentity},
    Grant{Caller::kRenewal, Operation::kRetire, KeyRole::kCjsmIdentity},
    Grant{Caller::kRenewal, Operation::kRetire, KeyRole::kLanIdentity},
    Grant{Caller::kRenewal, Operation::kRetire, KeyRole::kConsoleIdentity},
    Grant{Caller::kRenewal, Operation::kSignTls13Client, KeyRole::kCjsmIdentity},
    Grant{Caller::kRenewal, Operation::kSignCertificate, KeyRole::kIssuingCa},
    Grant{Caller::kRenewal, Operation::kSignCrl, KeyRole::kIssuingCa},
    Grant{Caller::kRenewal, Operation::kSignOcsp, KeyRole::kIssuingCa},
    Grant{Caller::kRenewal, Operation::kSignCheckpoint, KeyRole::kAudit},

    Grant{Caller::kConsole, Operation::kHealth, {}},
    Grant{Caller::kConsole, Operation::kListKeys, {}},
    Grant{Caller::kConsole, Operation::kCountUses, {}},
    Grant{Caller::kConsole, Operation::kFindKey, KeyRole::kAudit},
    Grant{Caller::kConsole, Operation::kFindKey, KeyRole::kConsoleIdentity},
    Grant{Caller::kConsole, Operation::kSignTls13Server, KeyRole::kConsoleIdentity},
    Grant{Caller::kConsole, Operation::kSignCheckpoint, KeyRole::kAudit},
    Grant{Caller::kConsole, Operation::kDestroy, KeyRole::kCjsmIdentity},
    Grant{Caller::kConsole, Operation::kDestroy, KeyRole::kLanIdentity},
    Grant{Caller::kConsole, Operation::kDestroy, KeyRole::kConsoleIdentity},
    Grant{Caller::kConsole, Operation::kReadAudit, {}},
};

[[nodiscard]] constexpr bool may(Caller caller, Operation operation, std::optional<KeyRole> role) {
  return std::ranges::any_of(kGrants, [&](const Grant& grant) {
    return grant.caller == caller && grant.operation == operation && grant.role == role;
  });
}

/// Which kinds of key a role may have. What is not listed is not made, and not offered when it is found.
struct RoleKinds {
  KeyRole role;
  std::initializer_list<hsm::KeyType> types;
};

namespace kinds {
using enum hsm::KeyType;
// What TLS peers and the authorities that certify us take.
inline constexpr std::initializer_list<hsm::KeyType> kIdentity{kEcP256,  kEcP384,  kEd25519,
                                                               kRsa2048, kRsa3072, kRsa4096};
// Browsers do not know Ed25519.
inline constexpr std::initializer_list<hsm::KeyType> kForBrowsers{kEcP256, kEcP384, kRsa2048, kRsa3072,
                                                                  kRsa4096};
// PKCS #1 v1.5 is for our own requests only, so no RSA; certificates are to be read by every TLS stack.
inline constexpr std::initializer_list<hsm::KeyType> kCertificates{kEcP256, kEcP384};
// Checkpoints are signed over SHA-256 (firmware/base/audit/checkpoint.h).
inline constexpr std::initializer_list<hsm::KeyType> kCheckpoints{kEcP256};
}  // namespace kinds

inline constexpr std::array kRoleKinds{
    RoleKinds{KeyRole::kCjsmIdentity, kinds::kIdentity},
    RoleKinds{KeyRole::kLanIdentity, kinds::kIdentity},
    RoleKinds{KeyRole::kConsoleIdentity, kinds::kForBrowsers},
    RoleKinds{KeyRole::kIssuingCa, kinds::kCertificates},
    RoleKinds{KeyRole::kAudit, kinds::kCheckpoints},
};

[[nodiscard]] constexpr bool may_be(KeyRole role, hsm::KeyType type) {
  return std::ranges::any_of(kRoleKinds, [&](const RoleKinds& row) {
    return row.role == role && std::ranges::find(row.types, type) != row.types.end();
  });
}

/// Whose log each program may have signed (the last part of a checkpoint's origin): its own. A pack is
/// evidence put together by a person's tool. keyd's own log is signed by keyd itself, for no caller.
[[nodiscard]] constexpr bool may_sign_log_of(Caller caller, std::string_view daemon) {
  switch (caller) {
    case Caller::kGateway:
      return daemon == "gatewayd";
    case Caller::kRenewal:
      return daemon == "renewd";
    case Caller::kConsole:
      return daemon == "admind" || daemon == "pack";
    case Caller::kProvisioning:
      return daemon == "pack";
  }
  return false;
}

namespace promises {
constexpr auto kCjsm = KeyRole::kCjsmIdentity;
constexpr auto kLan = KeyRole::kLanIdentity;
constexpr auto kAudit = KeyRole::kAudit;
constexpr auto kCa = KeyRole::kIssuingCa;
constexpr auto kConsole = KeyRole::kConsoleIdentity;

using Callers = std::initializer_list<Caller>;
using Operations = std::initializer_list<Operation>;
using Roles = std::initializer_list<KeyRole>;

constexpr bool is_in(auto list, auto value) { return std::ranges::find(list, value) != list.end(); }
constexpr bool only(Callers callers, Operation operation) {
  return std::ranges::all_of(
      kGrants, [&](const Grant& g) { return g.operation != operation || is_in(callers, g.caller); });
}
constexpr bool only(Callers callers, Operation operation, KeyRole role) {
  return std::ranges::all_of(kGrants, [&](const Grant& g) {
    return g.operation != operation || g.role != role || is_in(callers, g.caller);
  });
}
constexpr bool only_with(Roles roles, Operation operation) {
  return std::ranges::all_of(
      kGrants, [&](const Grant& g) { return g.operation != operation || (g.role && is_in(roles, *g.role)); });
}
constexpr bool does_only(KeyRole role, Operations operations) {
  return std::ranges::all_of(
      kGrants, [&](const Grant& g) { return g.role != role || is_in(operations, g.operation); });
}
// Possession of the CJSM identity is proved by the gateway and, as a client on trial, by renewal.
static_assert(only({Caller::kGateway, Caller::kRenewal}, Operation::kSignTls13Client));
static_assert(only({Caller::kGateway}, Operation::kSignTls13Server, kCjsm));
// No other identity speaks for us towards CJSM: it is no client.
static_assert(only_with({kCjsm}, Operation::kSignTls13Client));
static_assert(only({Caller::kGateway}, Operation::kSignTls13Server, kLan));
static_assert(only({Caller::kConsole}, Operation::kSignTls13Server, kConsole));
static_assert(only_with({kCjsm, kLan, kConsole}, Operation::kSignTls13Server));
// TLS 1.2 is for old mail servers that come to the gateway, if at all; browsers need none.
static_assert(only({Caller::kGateway}, Operation::kSignTls12Server));
static_assert(only_with({kCjsm, kLan}, Operation::kSignTls12Server));
// What speaks to the network makes, certifies and retires no key.
static_assert(only({Caller::kProvisioning, Caller::kRenewal}, Operation::kGenerate));
static_assert(only({Caller::kProvisioning, Caller::kRenewal}, Operation::kSignCsr));
static_assert(only({Caller::kProvisioning}, Operation::kGenerate, kAudit));
static_assert(only({Caller::kProvisioning}, Operation::kGenerate, kCa));
static_assert(only({Caller::kRenewal}, Operation::kRetire));
// Certificates, CRLs and OCSP responses: by renewal alone, with the issuing CA alone, and that key does
// nothing else.
static_assert(only({Caller::kRenewal}, Operation::kSignCertificate));
static_assert(only({Caller::kRenewal}, Operation::kSignCrl));
static_assert(only({Caller::kRenewal}, Operation::kSignOcsp) && only_with({kCa}, Operation::kSignOcsp));
static_assert(only_with({kCa}, Operation::kSignCertificate) && only_with({kCa}, Operation::kSignCrl));
static_assert(does_only(kCa, {Operation::kFindKey, Operation::kGenerate, Operation::kSignCertificate,
                              Operation::kSignCrl, Operation::kSignOcsp}));
// The audit key signs nothing but checkpoints, and no other key signs one. Neither it nor the CA can be
// retired.
static_assert(only_with({kAudit}, Operation::kSignCheckpoint));
static_assert(does_only(kAudit, {Operation::kFindKey, Operation::kGenerate, Operation::kSignCheckpoint}));
static_assert(only_with({kCjsm, kLan, kConsole}, Operation::kSignCsr));
static_assert(only_with({kCjsm, kLan, kConsole}, Operation::kRetire));
// Persons destroy, by a tool or on the console, and neither can without them: whoever brings it, keyd itself
// checks two persons' signatures of that very destruction (approval.h). So a console that was taken over
// destroys nothing but what two persons have signed for. What is never retired is never destroyed.
static_assert(only({Caller::kProvisioning, Caller::kConsole}, Operation::kDestroy));
static_assert(only_with({kCjsm, kLan, kConsole}, Operation::kDestroy));
static_assert(only({Caller::kConsole, Caller::kProvisioning}, Operation::kReadAudit));
// RSA signs no certificate and no CRL: what is not TLS it signs with PKCS #1 v1.5.
static_assert(!may_be(kCa, hsm::KeyType::kRsa2048) && !may_be(kCa, hsm::KeyType::kRsa3072) &&
              !may_be(kCa, hsm::KeyType::kRsa4096));
static_assert(may_be(kAudit, hsm::KeyType::kEcP256) && !may_be(kAudit, hsm::KeyType::kEcP384));
// Nobody's log is signed at the wish of another, and keyd's at nobody's.
static_assert(std::ranges::none_of(kCallers, [](Caller caller) { return may_sign_log_of(caller, "keyd"); }));
}  // namespace promises

}  // namespace privyseal::keyd
