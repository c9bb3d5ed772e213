/// How a key's role and name stand in its token object's label: "privyseal:cjsm-identity:egress-1".
///
/// Objects with other labels are not ours: keyd neither uses nor touches them.
/// Pure and total.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "hsm/wire.h"

namespace privyseal::keyd {

struct KeyLabel {
  hsm::KeyRole role;
  std::string name;
  bool operator==(const KeyLabel&) const = default;
};

/// "cjsm-identity", "lan-identity", "audit", "issuing-ca", "console-identity".
[[nodiscard]] std::string_view to_string(hsm::KeyRole role);

[[nodiscard]] std::string to_text(const KeyLabel& label);
[[nodiscard]] std::optional<KeyLabel> parse_key_label(std::string_view text);

}  // namespace privyseal::keyd
