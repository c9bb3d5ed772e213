/// `generate`: makes a key in the token and shows its public part.
#pragma once

#include "provisioning/command.h"

namespace privyseal::provisioning {

[[nodiscard]] Command generate_command();

}  // namespace privyseal::provisioning
