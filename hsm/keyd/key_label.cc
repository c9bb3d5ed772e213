#include "hsm/keyd/key_label.h"

#include <array>

#include "firmware/base/check.h"

namespace privyseal::keyd {
namespace {

constexpr std::string_view kPrefix = "privyseal:";

struct RoleName {
  hsm::KeyRole role;
  std::string_view text;
};
constexpr std::array kRoleNames{RoleName{hsm::KeyRole::kCjsmIdentity, "cjsm-identity"},
                                RoleName{hsm::KeyRole::kLanIdentity, "lan-identity"},
                                RoleName{hsm::KeyRole::kAudit, "audit"},
                                RoleName{hsm::KeyRole::kIssuingCa, "issuing-ca"},
                                RoleName{hsm::KeyRole::kConsoleIdentity, "console-identity"}};

}  // namespace

std::string_view to_string(hsm::KeyRole role) {
  for (const RoleName& known : kRoleNames)
    if (known.role == role) return known.text;
  CHECK(false);
}

std::string to_text(const KeyLabel& label) {
  return std::string(kPrefix) + std::string(to_string(label.role)) + ":" + label.name;
}

std::optional<KeyLabel> parse_key_label(std::string_view text) {
  if (!text.starts_with(kPrefix)) return std::nullopt;
  text.remove_prefix(kPrefix.size());
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const std::string_view name = text.substr(colon + 1);
  for (const RoleName& known : kRoleNames)
    if (known.text == text.substr(0, colon) && hsm::is_key_name(name))
      return KeyLabel{.role = known.role, .name = std::string(name)};
  return std::nullopt;
}

}  // namespace privyseal::keyd
