/// `privyseal audit pack`: evidence for an auditor, as a folder or a tar archive.
#pragma once

#include "provisioning/cli/command.h"

namespace privyseal::cli {

[[nodiscard]] Command pack_command();

}  // namespace privyseal::cli
