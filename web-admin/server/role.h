/// Who a user is to the console, and what a page asks of him.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace privyseal::web {

enum class Role : std::uint8_t {
  kAuditor,   ///< reads everything, changes nothing
  kOperator,  ///< runs the appliance: certificates
  kOfficer,   ///< as an operator, and decides who the users are
};

/// What a route asks for. Each asks for all that stands above it.
enum class Access : std::uint8_t { kAnyone, kSignedIn, kOperator, kOfficer };

struct RoleName {
  Role role;
  std::string_view name;   ///< in the database, the audit log and on doors
  std::string_view means;  ///< on the Users page
};
inline constexpr std::array kRoles{
    RoleName{Role::kOfficer, "officer", "Runs the appliance and decides who the users are"},
    RoleName{Role::kOperator, "operator", "Runs the appliance: certificates and mail"},
    RoleName{Role::kAuditor, "auditor", "Sees everything and changes nothing"},
};

[[nodiscard]] constexpr std::string_view to_string(Role role) {
  for (const RoleName& entry : kRoles)
    if (entry.role == role) return entry.name;
  return "";
}

[[nodiscard]] constexpr std::optional<Role> role_named(std::string_view name) {
  for (const RoleName& entry : kRoles)
    if (entry.name == name) return entry.role;
  return {};
}

[[nodiscard]] constexpr bool may(Role role, Access access) {
  switch (access) {
    case Access::kAnyone:
    case Access::kSignedIn:
      return true;
    case Access::kOperator:
      return role == Role::kOperator || role == Role::kOfficer;
    case Access::kOfficer:
      return role == Role::kOfficer;
  }
  return false;
}

static_assert(!may(Role::kAuditor, Access::kOperator));
static_assert(!may(Role::kOperator, Access::kOfficer));

}  // namespace privyseal::web
