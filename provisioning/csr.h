/// `csr`: makes a certificate signing request for a key.
#pragma once

#include "provisioning/command.h"

namespace privyseal::provisioning {

[[nodiscard]] Command csr_command();

}  // namespace privyseal::provisioning
