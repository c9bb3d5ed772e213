/// Accepts connections on one address and hands each to one of the loops in turn.
///
/// Threads: runs on the loop of its acceptor. A connection stays on the loop it is given.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "firmware/base/result.h"
#include "firmware/gateway/settings.h"
#include "firmware/tls/net.h"

namespace privyseal::gateway {

class Listener {
 public:
  /// Called on the connection's own loop, which is `loops[loop]`.
  using Serve = std::function<void(std::size_t loop, net::tcp::socket)>;

  /// Binds and listens. kUnavailable, kDenied: the address cannot be had. `loops` must outlive the Listener.
  [[nodiscard]] static Result<std::unique_ptr<Listener>> open(const HostPort& address,
                                                              std::vector<net::io_context*> loops,
                                                              Serve serve);

  /// Accepts until stop().
  void start();
  /// From any thread.
  void stop();

  [[nodiscard]] std::uint16_t port() const;

 private:
  Listener(net::tcp::acceptor acceptor, std::vector<net::io_context*> loops, Serve serve);
  static net::awaitable<void> accept_all(Listener* listener);

  net::tcp::acceptor acceptor_;
  std::vector<net::io_context*> loops_;
  Serve serve_;
};

}  // namespace privyseal::gateway
