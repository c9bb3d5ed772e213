/// `privyseal metrics`: the appliance's figures in Prometheus' text format.
///
/// Why a command and no listener: an open port on a locked-down box is one more thing to attack, and most who
/// rack it scrape nothing. Who does lets a timer write the file for node_exporter's textfile collector.
#pragma once

#include <string>
#include <vector>

#include "firmware/base/json.h"
#include "firmware/base/result.h"
#include "hsm/wire.h"
#include "provisioning/cli/command.h"

namespace privyseal::cli {

[[nodiscard]] Command metrics_command();

/// Pure. A daemon that does not answer has its `privyseal_up` at 0 and no other figure.
[[nodiscard]] std::string metrics_of(const Result<JsonObject>& gateway,
                                     const Result<JsonObject>& certificates, const Result<hsm::Health>& keyd,
                                     const Result<std::vector<hsm::KeyUses>>& uses);

}  // namespace privyseal::cli
