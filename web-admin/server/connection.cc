#include "web-admin/server/connection.h"

#include <array>
#include <chrono>

#include "firmware/base/log.h"

namespace privyseal::web {
namespace {

using namespace std::chrono_literals;
using Time = std::chrono::steady_clock::time_point;

constexpr auto kHandshakeWithin = 3s;
constexpr auto kRequestWithin = 10s;
constexpr auto kIdleWithin = 10s;
constexpr auto kSignedInIdleWithin = 60s;
constexpr auto kWriteWithin = 10s;
constexpr auto kLinger = 1s;
constexpr Status kRequestTimeout = 408;
constexpr Status kClosed = 0;  // nobody is there to be told

/// Bytes of one connection, and where in them the next request begins.
struct Incoming {
  std::array<std::byte, 16 * 1024> buffer;
  std::span<const std::byte> unread;
};

net::awaitable<std::expected<Request, Status>> read_request(tls::Stream* stream, Incoming* incoming,
                                                            std::chrono::seconds idle_within) {
  RequestParser parser;
  Time until = std::chrono::steady_clock::now() + idle_within;
  bool has_begun = false;
  while (!parser.is_done()) {
    if (incoming->unread.empty()) {
      const auto left = until - std::chrono::steady_clock::now();
      if (left <= 0s) co_return std::unexpected(has_begun ? kRequestTimeout : kClosed);
      const auto got = co_await stream->read_some(incoming->buffer, left);
      if (!got && got.error().code == ErrorCode::kTimeout)
        co_return std::unexpected(has_begun ? kRequestTimeout : kClosed);
      if (!got) co_return std::unexpected(kClosed);
      incoming->unread = std::span(incoming->buffer).first(*got);
    }
    if (!has_begun) until = std::chrono::steady_clock::now() + kRequestWithin;
    has_begun = true;
    const auto used = parser.feed(incoming->unread);
    if (!used) co_return std::unexpected(used.error());
    incoming->unread = incoming->unread.subspan(*used);
  }
  co_return parser.take();
}

/// Whoever reads slowly holds this connection and no memory. False: it did not all go out.
net::awaitable<bool> write_body(tls::Stream* stream, LongBody body) {
  std::uint64_t left = body.size_bytes;
  while (left > 0) {
    const auto piece = body.next();
    if (!piece || piece->empty() || piece->size() > left) {
      log_event(LogLevel::kError, "long-answer-broken-off",
                {{"why", piece ? "it has another length" : piece.error().message}});
      co_return false;
    }
    if (!co_await stream->write(bytes_of(*piece), kWriteWithin)) co_return false;
    left -= piece->size();
  }
  co_return true;
}

Response plain_refusal(Status status) {
  return with_security_headers({.status = status,
                                .headers = {{"Content-Type", "text/plain"}},
                                .body = "This request cannot be taken.\n"});
}

}  // namespace

net::awaitable<void> serve_connection(ConnectionSettings settings, net::tcp::socket socket) {
  tls::Stream stream(std::move(socket));
  const std::string source = stream.peer_ip().to_string();
  const auto facts = co_await stream.handshake(settings.context, kHandshakeWithin);
  if (!facts) co_return stream.cut();
  Incoming incoming{.buffer = {}, .unread = {}};
  std::chrono::seconds idle_within = kIdleWithin;
  for (;;) {
    auto request = co_await read_request(&stream, &incoming, idle_within);
    if (!request && request.error() == kClosed) co_return stream.close();
    if (!request) {
      log_event(LogLevel::kWarning, "request-refused", {{"source", source}, {"status", request.error()}});
      const Bytes refusal = to_bytes(plain_refusal(request.error()), false, false);
      // The peer may still be sending; a reset would take the answer from him.
      if (co_await stream.write(refusal, kWriteWithin)) co_await stream.close_after_reading(kLinger);
      co_return;
    }
    const bool keep_alive = request->keep_alive;
    const bool head_only = request->method == Method::kHead;
    const Answered answered = co_await settings.desk(std::move(*request), source);
    if (answered.is_signed_in) {
      settings.signed_in(source);
      idle_within = kSignedInIdleWithin;
    }
    const Bytes bytes = to_bytes(answered.response, keep_alive, head_only);
    if (!co_await stream.write(bytes, kWriteWithin)) co_return;
    if (answered.response.long_body && !head_only)
      if (!co_await write_body(&stream, *answered.response.long_body)) co_return stream.cut();
    if (!keep_alive) co_return stream.close();
  }
}

}  // namespace privyseal::web
