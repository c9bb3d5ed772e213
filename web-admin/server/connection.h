/// One browser's connection: TLS first, then one request after another.
///
/// The handshake has 3 seconds; a request has 10 from its first byte, however slowly its bytes come; a
/// connection without one has 10 seconds, or a minute once somebody is signed in on it.
///
/// Threads: the loop of its socket. The answers are made on another thread (`Desk`).
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "firmware/tls/net.h"
#include "firmware/tls/stream.h"
#include "web-admin/server/console.h"

namespace privyseal::web {

/// Makes the answer to a request, and resumes on the connection's own loop.
using Desk = std::function<net::awaitable<Answered>(Request, std::string source)>;

struct ConnectionSettings {
  Desk desk;
  std::shared_ptr<const tls::Context> context;
  std::function<void(const std::string& source)> signed_in;
};

/// Serves until either side has had enough.
[[nodiscard]] net::awaitable<void> serve_connection(ConnectionSettings settings, net::tcp::socket socket);

}  // namespace privyseal::web
