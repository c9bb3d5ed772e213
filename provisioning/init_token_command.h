/// `init-token`: makes keyd's token, with PINs that nobody has seen, while keyd is stopped.
#pragma once

#include "provisioning/command.h"

namespace privyseal::provisioning {

[[nodiscard]] Command init_token_command();

}  // namespace privyseal::provisioning
