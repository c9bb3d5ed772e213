/// Keys, roles and types as people write and read them.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "hsm/wire.h"

namespace privyseal::provisioning {

[[nodiscard]] std::string_view text_of_role(hsm::KeyRole role);  ///< "cjsm-identity"
[[nodiscard]] std::string_view text_of_type(hsm::KeyType type);  ///< "p256"
[[nodiscard]] std::optional<hsm::KeyRole> role_of(std::string_view text);
[[nodiscard]] std::optional<hsm::KeyType> type_of(std::string_view text);

/// A table with a line for each key.
[[nodiscard]] std::string table_of(std::span<const hsm::KeyInfo> keys);

}  // namespace privyseal::provisioning
