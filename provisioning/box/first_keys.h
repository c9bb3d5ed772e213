/// `first-keys`: the two keys of a box that no daemon makes for itself, for as long as the token lives: the
/// one that signs the audit logs' checkpoints, and the appliance's own issuing CA's. Run at each boot; makes
/// what is missing.
#pragma once

#include "provisioning/command.h"

namespace privyseal::provisioning {

[[nodiscard]] Command first_keys_command();

}  // namespace privyseal::provisioning
