#include "hsm/keyd/policy.h"

#include <gtest/gtest.h>

#include <set>
#include <tuple>

namespace privyseal::keyd {
namespace {

constexpr std::array kCallers{Caller::kGateway, Caller::kProvisioning};
constexpr std::array kOperations{
    Operation::kHealth,          Operation::kListKeys,        Operation::kCountUses, Operation::kFindKey,
    Operation::kSignTls13Client, Operation::kSignTls13Server, Operation::kSignCsr,   Operation::kGenerate};
constexpr std::array<std::optional<KeyRole>, 3> kRoles{std::nullopt, KeyRole::kCjsmIdentity,
                                                       KeyRole::kLanIdentity};

using Row = std::tuple<std::string_view, std::string_view, std::optional<KeyRole>>;

// Written out a second time and by name, so that a changed table needs a second, deliberate change.
const std::set<Row> kAllowed{
    {"gateway", "health", {}},
    {"gateway", "count-uses", {}},
    {"gateway", "find-key", KeyRole::kCjsmIdentity},
    {"gateway", "find-key", KeyRole::kLanIdentity},
    {"gateway", "sign-tls13-client", KeyRole::kCjsmIdentity},
    {"gateway", "sign-tls13-server", KeyRole::kCjsmIdentity},
    {"gateway", "sign-tls13-server", KeyRole::kLanIdentity},
    {"provisioning", "health", {}},
    {"provisioning", "list-keys", {}},
    {"provisioning", "count-uses", {}},
    {"provisioning", "find-key", KeyRole::kCjsmIdentity},
    {"provisioning", "find-key", KeyRole::kLanIdentity},
    {"provisioning", "generate", KeyRole::kCjsmIdentity},
    {"provisioning", "generate", KeyRole::kLanIdentity},
    {"provisioning", "sign-csr", KeyRole::kCjsmIdentity},
    {"provisioning", "sign-csr", KeyRole::kLanIdentity},
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

}  // namespace
}  // namespace privyseal::keyd
