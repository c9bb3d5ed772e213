/// `privyseal metrics`: the appliance's figures in Prometheus' text format.
///
/// Why a command and no listener: an open port on a locked-down box is one more thing to attack, and most who
/// rack it scrape nothing. Who does lets a timer write the file for node_exporter's textfile collector,
/// or takes them from the console.
#pragma once

#include "provisioning/cli/command.h"

namespace privyseal::cli {

[[nodiscard]] Command metrics_command();

}  // namespace privyseal::cli
