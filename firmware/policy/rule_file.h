/// The files that an organisation's rules are made of (README.md), by name: in provisioning's folder, among
/// those that an administrator brings, and where he chooses one.
///
/// Pure. Threads: any.
#pragma once

#include <algorithm>
#include <array>
#include <string_view>

namespace privyseal::policy {

struct RuleFile {
  std::string_view name;
  std::string_view means;  ///< for the person who chooses one
};

inline constexpr std::array kRuleFiles{
    RuleFile{"policy.toml", "which rules hold, limits, the disclaimer, and the contacts that refusals name"},
    RuleFile{"commitments.csv", "who has signed which version of the terms"},
    RuleFile{"permissions.csv", "automated mail that the Ministry of Justice has permitted"},
    RuleFile{"assured.csv", "domains of assured partners"},
    RuleFile{"maintenance.csv", "planned maintenance of CJSM, in UTC"},
    RuleFile{"directory.csv", "the CJSM directory, as CJSM exports it"},
};

[[nodiscard]] constexpr bool is_rule_file(std::string_view name) {
  return std::ranges::contains(kRuleFiles, name, &RuleFile::name);
}

}  // namespace privyseal::policy
