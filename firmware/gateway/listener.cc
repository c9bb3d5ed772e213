#include "firmware/gateway/listener.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "firmware/base/log.h"

namespace privyseal::gateway {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

constexpr auto kAwait = asio::as_tuple(asio::use_awaitable);
constexpr std::chrono::milliseconds kPauseWhenExhausted{100};  // out of descriptors: let some sessions end

}  // namespace

Result<std::unique_ptr<Listener>> Listener::open(const HostPort& address, std::vector<net::io_context*> loops,
                                                 Serve serve) {
  error_code error;
  const net::tcp::endpoint endpoint(asio::ip::make_address(address.host, error), address.port);
  net::tcp::acceptor acceptor(*loops.front());
  if (!error) acceptor.open(endpoint.protocol(), error);
  if (!error) acceptor.set_option(net::tcp::acceptor::reuse_address(true), error);
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (error) return fail(ErrorCode::kUnavailable, "listener " + address.text() + ": " + error.message());
  return std::unique_ptr<Listener>(new Listener(std::move(acceptor), std::move(loops), std::move(serve)));
}

Listener::Listener(net::tcp::acceptor acceptor, std::vector<net::io_context*> loops, Serve serve)
    : acceptor_(std::move(acceptor)), loops_(std::move(loops)), serve_(std::move(serve)) {}

void Listener::start() { asio::co_spawn(acceptor_.get_executor(), accept_all(this), asio::detached); }

void Listener::stop() {
  asio::post(acceptor_.get_executor(), [this] {
    error_code ignored;
    acceptor_.close(ignored);
  });
}

std::uint16_t Listener::port() const {
  error_code ignored;
  return acceptor_.local_endpoint(ignored).port();
}

net::awaitable<void> Listener::accept_all(Listener* listener) {
  for (std::size_t next = 0;; next = (next + 1) % listener->loops_.size()) {
    auto [error, socket] = co_await listener->acceptor_.async_accept(*listener->loops_[next], kAwait);
    if (!listener->acceptor_.is_open()) co_return;
    if (error) {
      log_event(LogLevel::kError, "accept-failed", {{"why", error.message()}});
      asio::steady_timer pause(listener->acceptor_.get_executor(), kPauseWhenExhausted);
      co_await pause.async_wait(kAwait);
      continue;
    }
    asio::post(*listener->loops_[next], [listener, next, taken = std::move(socket)]() mutable {
      listener->serve_(next, std::move(taken));
    });
  }
}

}  // namespace privyseal::gateway
