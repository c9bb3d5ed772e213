/// What every daemon does at start and at its end, apart from its own work.
///
/// Threads: call these from main, before any other thread exists.
#pragma once

#include <string_view>

#include "firmware/base/result.h"
#include "firmware/base/unique_fd.h"

namespace privyseal {

/// No core dumps, no ptrace by equals, no new privileges, file mode 0077, SIGPIPE ignored.
[[nodiscard]] Result<void> give_up_privileges();

/// Blocks SIGTERM and SIGINT in all threads and gives a descriptor that becomes readable with one.
[[nodiscard]] Result<UniqueFd> stop_signal();

/// Tells systemd "READY=1", "STOPPING=1" or "STATUS=..." (sd_notify(3)); without systemd it does nothing.
void notify_systemd(std::string_view state);

}  // namespace privyseal
