#include "provisioning/key_text.h"

#include <algorithm>
#include <array>
#include <format>
#include <utility>

#include "ca/fingerprint.h"
#include "firmware/base/check.h"
#include "hsm/key_kind.h"

namespace privyseal::provisioning {
namespace {

using hsm::KeyRole;
using hsm::KeyType;

constexpr std::array kRoles{std::pair{KeyRole::kCjsmIdentity, std::string_view("cjsm-identity")},
                            std::pair{KeyRole::kLanIdentity, std::string_view("lan-identity")},
                            std::pair{KeyRole::kAudit, std::string_view("audit")},
                            std::pair{KeyRole::kIssuingCa, std::string_view("issuing-ca")},
                            std::pair{KeyRole::kConsoleIdentity, std::string_view("console-identity")}};

std::string_view text_in(const auto& table, auto value) {
  const auto found = std::ranges::find(table, value, [](const auto& row) { return row.first; });
  CHECK(found != table.end());
  return found->second;
}

template <class Table>
auto value_in(const Table& table, std::string_view text) -> std::optional<decltype(table[0].first)> {
  const auto found = std::ranges::find(table, text, [](const auto& row) { return row.second; });
  if (found == table.end()) return std::nullopt;
  return found->first;
}

}  // namespace

std::string_view text_of_role(KeyRole role) { return text_in(kRoles, role); }
std::string_view text_of_type(KeyType type) { return hsm::kind_of(type).name; }
std::optional<KeyRole> role_of(std::string_view text) { return value_in(kRoles, text); }
std::optional<KeyType> type_of(std::string_view text) { return hsm::key_type_of(text); }

std::string table_of(std::span<const hsm::KeyInfo> keys) {
  constexpr auto kLine = "{:<32} {:<16} {:<7} {}\n";
  std::string table = std::format(kLine, "NAME", "ROLE", "TYPE", "PUBLIC KEY (SHA-256)");
  for (const hsm::KeyInfo& key : keys)
    table += std::format(kLine, key.name, text_of_role(key.role), text_of_type(key.type),
                         ca::key_fingerprint(key.public_key));
  return table;
}

}  // namespace privyseal::provisioning
