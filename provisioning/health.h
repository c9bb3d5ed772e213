/// `health`: asks whether keyd can sign right now.
#pragma once

#include "provisioning/command.h"

namespace privyseal::provisioning {

[[nodiscard]] Command health_command();

}  // namespace privyseal::provisioning
