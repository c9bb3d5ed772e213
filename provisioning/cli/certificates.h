/// `privyseal cert ...`: the certificates, from request to retirement.
#pragma once

#include <string>
#include <vector>

#include "firmware/base/json.h"
#include "provisioning/cli/command.h"

namespace privyseal::cli {

[[nodiscard]] std::vector<Command> certificate_commands();

// renewd's answers as text. Pure.
[[nodiscard]] std::string certificate_list_text(const JsonObject& answer);
/// One identity, as cert-list, cert-activate, cert-rollback and cert-renew give it.
[[nodiscard]] std::string identity_text(const JsonObject& identity);

}  // namespace privyseal::cli
