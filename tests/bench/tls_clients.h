/// Clients that do nothing but TLS 1.3 handshakes, many at a time, and as cheaply as can be: what is measured
/// is the server beside them. They verify no certificate and trust whatever answers on loopback.
///
/// Threads: the caller's, until all is done.
#pragma once

#include <cstdint>

namespace privyseal::bench {

/// Makes `count` handshakes, `concurrent` at a time; gives how many failed.
[[nodiscard]] int shake_hands(std::uint16_t port, int count, int concurrent);

}  // namespace privyseal::bench
