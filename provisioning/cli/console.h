/// `privyseal console claim`: a code with which the first officer takes the console over.
#pragma once

#include <string>

#include "firmware/base/json.h"
#include "provisioning/cli/command.h"

namespace privyseal::cli {

[[nodiscard]] Command console_claim_command();
[[nodiscard]] std::string claim_text(const JsonObject& answer);

}  // namespace privyseal::cli
