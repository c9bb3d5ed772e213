#include "hsm/keyd/policy.h"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <tuple>

#include "hsm/key_kind.h"
#include "hsm/keyd/key_label.h"

namespace privyseal::keyd {
namespace {

constexpr std::array kOperations{
    Operation::kHealth,          Operation::kListKeys,        Operation::kCountUses,
    Operation::kFindKey,         Operation::kSignTls13Client, Operation::kSignTls13Server,
    Operation::kSignCsr,         Operation::kGenerate,        Operation::kSignCheckpoint,
    Operation::kSignCertificate, Operation::kSignCrl,         Operation::kRetire,
    Operation::kReadAudit,       Operation::kSignOcsp,        Operation::kSignTls12Server,
    Operation::kDestroy};
constexpr std::array<std::optional<KeyRole>, 6> kRoles{std::nullopt,          KeyRole::kCjsmIdentity,
                                                       KeyRole::kLanIdentity, KeyRole::kAudit,
                                                       KeyRole::kIssuingCa,   KeyRole::kConsoleIdentity};

using Row = std::tuple<std::string_view, std::string_view, std::optional<KeyRole>>;

// Written out a second time and by name, so that a changed table needs a second, deliberate change.
const std::set<Row> kAllowed{
    {"gateway", "health", {}},
    {"gateway", "count-uses", {}},
    {"gateway", "find-key", KeyRole::kCjsmIdentity},
    {"gateway", "find-key", KeyRole::kLanIdentity},
    {"gateway", "find-key", KeyRole::kAudit},
    {"gateway", "sign-tls13-client", KeyRole::kCjsmIdentity},
    {"gateway", "sign-tls13-server", KeyRole::kCjsmIdentity},
    {"gateway", "sign-tls13-server", KeyRole::kLanIdentity},
    {"gateway", "sign-tls12-server", KeyRole::kCjsmIdentity},
    {"gateway", "sign-tls12-server", KeyRole::kLanIdentity},
    {"gateway", "sign-checkpoint", KeyRole::kAudit},
    {"provisioning", "health", {}},
    {"provisioning", "list-keys", {}},
    {"provisioning", "count-uses", {}},
    {"provisioning", "find-key", KeyRole::kCjsmIdentity},
    {"provisioning", "find-key", KeyRole::kLanIdentity},
    {"provisioning", "find-key", KeyRole::kAudit},
    {"provisioning", "find-key", KeyRole::kIssuingCa},
    {"provisioning", "find-key", KeyRole::kConsoleIdentity},
    {"provisioning", "generate", KeyRole::kCjsmIdentity},
    {"provisioning", "generate", KeyRole::kLanIdentity},
    {"provisioning", "generate", KeyRole::kAudit},
    {"provisioning", "generate", KeyRole::kIssuingCa},
    {"provisioning", "generate", KeyRole::kConsoleIdentity},
    {"provisioning", "sign-csr", KeyRole::kCjsmIdentity},
    {"provisioning", "sign-csr", KeyRole::kLanIdentity},
    {"provisioning", "sign-csr", KeyRole::kConsoleIdentity},
    {"provisioning", "sign-checkpoint", KeyRole::kAudit},
    {"provisioning", "destroy", KeyRole::kCjsmIdentity},
    {"provisioning", "destroy", KeyRole::kLanIdentity},
    {"provisioning", "destroy", KeyRole::kConsoleIdentity},
    {"provisioning", "read-audit", {}},
    {"renewal", "health", {}},
    {"renewal", "list-keys", {}},
    {"renewal", "count-uses", {}},
    {"renewal", "find-key", KeyRole::kCjsmIdentity},
    {"renewal", "find-key", KeyRole::kLanIdentity},
    {"renewal", "find-key", KeyRole::kAudit},
    {"renewal", "find-key", KeyRole::kIssuingCa},
    {"renewal", "find-key", KeyRole::kConsoleIdentity},
    {"renewal", "generate", KeyRole::kCjsmIdentity},
    {"renewal", "generate", KeyRole::kLanIdentity},
    {"renewal", "generate", KeyRole::kConsoleIdentity},
    {"renewal", "sign-csr", KeyRole::kCjsmIdentity},
    {"renewal", "sign-csr", KeyRole::kLanIdentity},
    {"renewal", "sign-csr", KeyRole::kConsoleIdentity},
    {"renewal", "retire", KeyRole::kCjsmIdentity},
    {"renewal", "retire", KeyRole::kLanIdentity},
    {"renewal", "retire", KeyRole::kConsoleIdentity},
    {"renewal", "sign-tls13-client", KeyRole::kCjsmIdentity},
    {"renewal", "sign-certificate", KeyRole::kIssuingCa},
    {"renewal", "sign-crl", KeyRole::kIssuingCa},
    {"renewal", "sign-ocsp", KeyRole::kIssuingCa},
    {"renewal", "sign-checkpoint", KeyRole::kAudit},
    {"console", "health", {}},
    {"console", "list-keys", {}},
    {"console", "count-uses", {}},
    {"console", "find-key", KeyRole::kAudit},
    {"console", "find-key", KeyRole::kConsoleIdentity},
    {"console", "sign-tls13-server", KeyRole::kConsoleIdentity},
    {"console", "sign-checkpoint", KeyRole::kAudit},
    {"console", "destroy", KeyRole::kCjsmIdentity},
    {"console", "destroy", KeyRole::kLanIdentity},
    {"console", "destroy", KeyRole::kConsoleIdentity},
    {"console", "read-audit", {}},
};

TEST(Policy, AllowsExactlyTheseCombinations) {
  for (const Caller caller : kCallers)
    for (const Operation operation : kOperations)
      for (const auto role : kRoles)
        EXPECT_EQ(may(caller, operation, role),
                  kAllowed.contains({to_string(caller), to_string(operation), role}))
            << to_string(caller) << " " << to_string(operation) << " role "
            << (role ? static_cast<int>(*role) : 0);
}

TEST(Policy, DeniesAnUnknownRole) {
  for (const Caller caller : kCallers)
    for (const Operation operation : kOperations) EXPECT_FALSE(may(caller, operation, KeyRole{99}));
}

TEST(Policy, LetsEachProgramHaveItsOwnLogSigned) {
  const std::set<std::pair<std::string_view, std::string_view>> allowed{{"gateway", "gatewayd"},
                                                                        {"renewal", "renewd"},
                                                                        {"console", "admind"},
                                                                        {"console", "pack"},
                                                                        {"provisioning", "pack"}};
  for (const Caller caller : kCallers)
    for (const std::string_view log :
         {"gatewayd", "renewd", "admind", "keyd", "pack", "", "Gatewayd", "other"})
      EXPECT_EQ(may_sign_log_of(caller, log), allowed.contains({to_string(caller), log}))
          << to_string(caller) << " " << log;
}

TEST(Policy, EachRoleMayHaveTheseKindsAndNoOther) {
  // Written out a second time, as above.
  using Kinds = std::set<std::string_view>;
  const std::map<KeyRole, Kinds> allowed{
      {KeyRole::kCjsmIdentity, {"p256", "p384", "ed25519", "rsa2048", "rsa3072", "rsa4096"}},
      {KeyRole::kLanIdentity, {"p256", "p384", "ed25519", "rsa2048", "rsa3072", "rsa4096"}},
      {KeyRole::kConsoleIdentity, {"p256", "p384", "rsa2048", "rsa3072", "rsa4096"}},
      {KeyRole::kIssuingCa, {"p256", "p384"}},
      {KeyRole::kAudit, {"p256"}},
  };
  for (const auto& [role, kinds] : allowed)
    for (const hsm::KeyKind& kind : hsm::kKeyKinds)
      EXPECT_EQ(may_be(role, kind.type), kinds.contains(kind.name)) << to_string(role) << " " << kind.name;
}

}  // namespace
}  // namespace privyseal::keyd
