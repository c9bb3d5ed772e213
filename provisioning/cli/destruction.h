/// `privyseal key destroy-request` and `privyseal key destroy`: a retired key off the token.
///
/// The request goes before the approvers on the console, where two of them approve it with their passkeys;
/// then this command brings both approvals to keyd. keyd alone decides (hsm/keyd/approval.h).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "provisioning/cli/command.h"

namespace privyseal::cli {

[[nodiscard]] std::vector<Command> destruction_commands();

/// A key's life as keyd's audit log tells it.
struct KeyLife {
  std::string role{};        ///< empty: the log does not say
  std::string retired_at{};  ///< RFC 3339; empty: it was not retired
};
/// What one line of keyd's log adds to what is known of the key. Pure and total.
void add_entry(KeyLife& life, std::string_view key, std::string_view line);

}  // namespace privyseal::cli
