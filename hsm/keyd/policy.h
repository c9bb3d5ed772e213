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
#include <optional>
#include <string_view>

#include "hsm/wire.h"

namespace privyseal::keyd {

using hsm::KeyRole;

/// A program that may connect; the configuration says which users run it.
enum class Caller : std::uint8_t { kGateway, kProvisioning };

[[nodiscard]] constexpr std::string_view to_string(Caller caller) {
  return caller == Caller::kGateway ? "gateway" : "provisioning";
}

enum class Operation : std::uint8_t {
  kHealth,
  kListKeys,
  kCountUses,
  kFindKey,
  kSignTls13Client,
  kSignTls13Server,
  kSignCsr,
  kGenerate,
};

[[nodiscard]] constexpr std::string_view to_string(Operation operation) {
  constexpr std::array<std::string_view, 8> kNames{"health",   "list-keys",         "count-uses",
                                                   "find-key", "sign-tls13-client", "sign-tls13-server",
                                                   "sign-csr", "generate"};
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
    Grant{Caller::kGateway, Operation::kSignTls13Client, KeyRole::kCjsmIdentity},
    Grant{Caller::kGateway, Operation::kSignTls13Server, KeyRole::kCjsmIdentity},
    Grant{Caller::kGateway, Operation::kSignTls13Server, KeyRole::kLanIdentity},

    Grant{Caller::kProvisioning, Operation::kHealth, {}},
    Grant{Caller::kProvisioning, Operation::kListKeys, {}},
    Grant{Caller::kProvisioning, Operation::kCountUses, {}},
    Grant{Caller::kProvisioning, Operation::kFindKey, KeyRole::kCjsmIdentity},
    Grant{Caller::kProvisioning, Operation::kFindKey, KeyRole::kLanIdentity},
    Grant{Caller::kProvisioning, Operation::kGenerate, KeyRole::kCjsmIdentity},
    Grant{Caller::kProvisioning, Operation::kGenerate, KeyRole::kLanIdentity},
    Grant{Caller::kProvisioning, Operation::kSignCsr, KeyRole::kCjsmIdentity},
    Grant{Caller::kProvisioning, Operation::kSignCsr, KeyRole::kLanIdentity},
};

[[nodiscard]] constexpr bool may(Caller caller, Operation operation, std::optional<KeyRole> role) {
  return std::ranges::any_of(kGrants, [&](const Grant& grant) {
    return grant.caller == caller && grant.operation == operation && grant.role == role;
  });
}

namespace promises {
constexpr auto kCjsm = KeyRole::kCjsmIdentity;
constexpr auto kLan = KeyRole::kLanIdentity;
constexpr bool nobody_else_may(Caller caller, Operation operation) {
  return std::ranges::all_of(kGrants,
                             [&](const Grant& g) { return g.operation != operation || g.caller == caller; });
}
// Only the process that speaks TLS proves possession in TLS; it makes and certifies no key.
static_assert(nobody_else_may(Caller::kGateway, Operation::kSignTls13Client));
static_assert(nobody_else_may(Caller::kGateway, Operation::kSignTls13Server));
static_assert(nobody_else_may(Caller::kProvisioning, Operation::kSignCsr));
static_assert(nobody_else_may(Caller::kProvisioning, Operation::kGenerate));
// The LAN key never speaks for us towards CJSM: it is no client.
static_assert(may(Caller::kGateway, Operation::kSignTls13Client, kCjsm));
static_assert(!may(Caller::kGateway, Operation::kSignTls13Client, kLan));
}  // namespace promises

}  // namespace privyseal::keyd
