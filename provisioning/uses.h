/// `uses`: shows what the keys were used for.
#pragma once

#include "provisioning/command.h"

namespace privyseal::provisioning {

[[nodiscard]] Command uses_command();

}  // namespace privyseal::provisioning
