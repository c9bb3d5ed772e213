/// `privyseal status`: the four lights.
#pragma once

#include "provisioning/cli/command.h"

namespace privyseal::cli {

[[nodiscard]] Command status_command();

}  // namespace privyseal::cli
