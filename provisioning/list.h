/// `list`: shows the keys in the token.
#pragma once

#include "provisioning/command.h"

namespace privyseal::provisioning {

[[nodiscard]] Command list_command();

}  // namespace privyseal::provisioning
