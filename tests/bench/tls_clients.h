/// Clients that do nothing but TLS 1.3 handshakes, many at a time, and as cheaply as can be: what is measured
/// is the server beside them. They verify no certificate and trust whatever answers on loopback.
///
/// Threads: of its own, as many as it is told; the caller waits until all is done.
#pragma once

#include <cstdint>

namespace privyseal::bench {

/// Makes `count` handshakes, `concurrent` at a time, with so many threads (at most `concurrent`); gives how
/// many failed.
[[nodiscard]] int shake_hands(std::uint16_t port, int count, int concurrent, int threads);

}  // namespace privyseal::bench
