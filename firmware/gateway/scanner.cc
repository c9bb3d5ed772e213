#include "firmware/gateway/scanner.h"

#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/cancel_at.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include "firmware/scan/language.h"
#include "firmware/scan/printable.h"

namespace privyseal::gateway {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using boost::system::error_code;
using scan::Verdict;

namespace {

constexpr auto kAwait = asio::as_tuple(asio::use_awaitable);
constexpr auto kConnectWithin = 5s;
constexpr std::size_t kPieceBytes = 16384;

const scan::Language& language_of(const ScannerSettings& settings) {
  return settings.kind == ScannerKind::kIcap ? scan::icap() : scan::clamd();
}

asio::generic::stream_protocol::endpoint endpoint_of(const ScannerSettings& settings) {
  if (!settings.socket.empty()) return asio::local::stream_protocol::endpoint(settings.socket.string());
  return net::tcp::endpoint(asio::ip::make_address(settings.address.host), settings.address.port);
}

Error to_error(const error_code& error, std::string_view what) {
  if (error == asio::error::operation_aborted) return {ErrorCode::kTimeout, std::string(what) + ": too slow"};
  return {ErrorCode::kUnavailable, std::string(what) + ": " + error.message()};
}

Verdict failed(std::string why) { return {.kind = Verdict::Kind::kFailed, .why = std::move(why)}; }

}  // namespace

struct Scan::Connection {
  explicit Connection(const net::any_io_executor& executor) : socket(executor) {}
  asio::generic::stream_protocol::socket socket;
};

Scan::Scan(const ScannerSettings& settings) : settings_(settings) {}
Scan::~Scan() = default;

net::awaitable<Result<void>> Scan::open() {
  connection_ = std::make_unique<Connection>(co_await asio::this_coro::executor);
  const auto until = std::chrono::steady_clock::now() + kConnectWithin;
  const auto [error] =
      co_await connection_->socket.async_connect(endpoint_of(settings_), asio::cancel_at(until, kAwait));
  if (error) co_return std::unexpected(to_error(error, "connect"));
  if (settings_.socket.empty()) {
    error_code ignored;
    connection_->socket.set_option(net::tcp::no_delay(true), ignored);
  }
  const std::string opening = language_of(settings_).opening(settings_.address.text(), settings_.service);
  co_return co_await send(opening, {}, "");
}

net::awaitable<Result<void>> Scan::write(ByteView stuffed) {
  undot_.feed(stuffed, piece_);
  if (piece_.size() < kPieceBytes) co_return Result<void>();
  co_return co_await flush();
}

net::awaitable<Result<void>> Scan::flush() {
  const scan::Language& language = language_of(settings_);
  const std::string head = language.piece_head(piece_.size());
  auto sent = co_await send(head, piece_, language.piece_tail);
  piece_.clear();
  co_return sent;
}

net::awaitable<Result<void>> Scan::send(std::string_view head, ByteView piece, std::string_view tail) {
  const auto until = std::chrono::steady_clock::now() + settings_.within;
  const std::array buffers{asio::buffer(head), asio::buffer(piece.data(), piece.size()), asio::buffer(tail)};
  const auto [error, count] =
      co_await asio::async_write(connection_->socket, buffers, asio::cancel_at(until, kAwait));
  if (!error) co_return Result<void>();
  Error why = to_error(error, "write");
  // A scanner that wants no more, such as a clamd beyond its StreamMaxLength, says so and hangs up.
  if (const std::string said = said_so_far(); !said.empty()) why.message += "; it said: " + said;
  co_return std::unexpected(std::move(why));
}

/// What came without our asking for it; waits for nothing.
std::string Scan::said_so_far() {
  std::array<char, 256> bytes{};
  error_code error;
  connection_->socket.non_blocking(true, error);
  const std::size_t count = connection_->socket.read_some(asio::buffer(bytes), error);
  return scan::printable(std::string_view(bytes.data(), error ? 0 : count));
}

net::awaitable<Verdict> Scan::finish() {
  if (!piece_.empty())
    if (auto sent = co_await flush(); !sent) co_return failed(sent.error().message);
  // A verdict on a part of the mail is none.
  if (const std::string said = said_so_far(); !said.empty())
    co_return failed("it spoke before the end of the mail: " + said);
  if (auto sent = co_await send(language_of(settings_).end, {}, ""); !sent)
    co_return failed(sent.error().message);
  co_return co_await hear();
}

net::awaitable<Verdict> Scan::hear() {
  const auto until = std::chrono::steady_clock::now() + settings_.within;
  std::string said;
  std::array<char, 1024> bytes{};
  for (;;) {
    const auto [error, count] =
        co_await connection_->socket.async_read_some(asio::buffer(bytes), asio::cancel_at(until, kAwait));
    said.append(bytes.data(), count);
    if (auto verdict = language_of(settings_).answer(said)) co_return std::move(*verdict);
    if (error == asio::error::eof) co_return failed("it hung up: " + scan::printable(said));
    if (error) co_return failed(to_error(error, "read").message);
  }
}

}  // namespace privyseal::gateway
