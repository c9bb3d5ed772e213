/// `uses`: shows what the keys were used for since keyd started.
#pragma once

#include "provisioning/command.h"

namespace privyseal::provisioning {

[[nodiscard]] Command uses_command();

}  // namespace privyseal::provisioning
