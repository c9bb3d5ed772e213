#include "firmware/tls/lookup.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <memory>
#include <utility>

namespace privyseal::tls {

namespace asio = boost::asio;
using boost::system::error_code;
using Endpoints = net::tcp::resolver::results_type;

namespace {

/// Lives until both have ended, the wait and the system's look-up.
struct Lookup {
  explicit Lookup(const net::any_io_executor& executor) : resolver(executor), wait(executor) {}

  net::tcp::resolver resolver;
  asio::steady_timer wait;  // until the deadline, or the answer
  bool is_answered = false;
  error_code error;
  Endpoints endpoints;
};

}  // namespace

net::awaitable<Result<Endpoints>> look_up(std::string host, std::uint16_t port,
                                          std::chrono::steady_clock::time_point until) {
  error_code no_literal;
  // A literal address needs no resolver, and so no resolver thread.
  const auto address = asio::ip::make_address(host, no_literal);
  if (!no_literal) co_return Endpoints::create(net::tcp::endpoint(address, port), host, "");
  const auto lookup = std::make_shared<Lookup>(co_await asio::this_coro::executor);
  lookup->wait.expires_at(until);
  lookup->resolver.async_resolve(host, std::to_string(port),
                                 [lookup](const error_code& error, Endpoints endpoints) {
                                   lookup->is_answered = true;
                                   lookup->error = error;
                                   lookup->endpoints = std::move(endpoints);
                                   lookup->wait.cancel();
                                 });
  co_await lookup->wait.async_wait(asio::as_tuple(asio::use_awaitable));
  if (!lookup->is_answered) {
    lookup->resolver.cancel();  // one that has not begun yet never does
    co_return fail(ErrorCode::kTimeout, "connect: the name was not found in time");
  }
  if (lookup->error) co_return fail(ErrorCode::kUnavailable, "connect: " + lookup->error.message());
  co_return std::move(lookup->endpoints);
}

}  // namespace privyseal::tls
