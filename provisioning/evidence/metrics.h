/// The appliance's figures in Prometheus' text format, from what the daemons answer.
///
/// Pure. Threads: any.
#pragma once

#include <string>
#include <vector>

#include "firmware/base/json.h"
#include "firmware/base/result.h"
#include "hsm/wire.h"

namespace privyseal::evidence {

/// `gateway` is its answer to metrics, `certificates` renewd's to cert-list. A daemon that does not answer
/// has its `privyseal_up` at 0 and no other figure.
[[nodiscard]] std::string metrics_of(const Result<JsonObject>& gateway,
                                     const Result<JsonObject>& certificates, const Result<hsm::Health>& keyd,
                                     const Result<std::vector<hsm::KeyUses>>& uses);

}  // namespace privyseal::evidence
