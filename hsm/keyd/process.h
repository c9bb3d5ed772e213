/// What keyd does to its own process before it touches a key.
#pragma once

#include "firmware/base/result.h"
#include "hsm/keyd/settings.h"

namespace privyseal::keyd {

/// Call first in main, while there is one thread: no core dumps, no swap where that is allowed, no
/// OpenSSL configuration file, and SoftHSM is told where its own is.
[[nodiscard]] Result<void> prepare_process(const Settings& settings);

}  // namespace privyseal::keyd
