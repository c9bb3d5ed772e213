/// The addresses of a host, found within a time.
///
/// Why not resolver.async_resolve with a deadline: the system's getaddrinfo cannot be ended, and Asio waits
/// for it whatever is cancelled. Here only the wait ends; the answer is dropped when it comes.
///
/// Threads: one loop.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "firmware/base/result.h"
#include "firmware/tls/net.h"

namespace privyseal::tls {

/// `host` is a name or an address, which needs no look-up. kUnavailable: there is no such host, or nobody who
/// knows it. kTimeout.
[[nodiscard]] net::awaitable<Result<net::tcp::resolver::results_type>> look_up(
    std::string host, std::uint16_t port, std::chrono::steady_clock::time_point until);

}  // namespace privyseal::tls
