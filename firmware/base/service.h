/// What every daemon does at start and at its end, apart from its own work.
///
/// Threads: call these from main, before any other thread exists.
#pragma once

#include <optional>
#include <string_view>

#include "firmware/base/result.h"
#include "firmware/base/unique_fd.h"

namespace privyseal {

/// No core dumps, no ptrace by equals, no new privileges, file mode 0077, SIGPIPE ignored.
[[nodiscard]] Result<void> give_up_privileges();

/// Blocks SIGTERM and SIGINT in all threads and gives a descriptor that becomes readable with one.
[[nodiscard]] Result<UniqueFd> stop_signal();

/// The listening socket that systemd opened for this process (sd_listen_fds(3)), or none if it did not. A
/// daemon that gets one needs no network of its own. Call once. kInvalid: more than one, or not a listening
/// socket.
[[nodiscard]] Result<std::optional<UniqueFd>> inherited_socket();

/// Tells systemd "READY=1", "STOPPING=1" or "STATUS=..." (sd_notify(3)); without systemd it does nothing.
void notify_systemd(std::string_view state);

}  // namespace privyseal
