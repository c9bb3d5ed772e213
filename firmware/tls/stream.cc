#include "firmware/tls/stream.h"

#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/cancel_at.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "firmware/base/check.h"
#include "firmware/tls/job.h"
#include "firmware/tls/lookup.h"
#include "firmware/tls/openssl.h"

namespace privyseal::tls {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

constexpr auto kAwait = asio::as_tuple(asio::use_awaitable);
using SteadyTime = std::chrono::steady_clock::time_point;

Error to_error(const error_code& error) {
  if (error == asio::error::eof || error == asio::error::connection_reset ||
      error == asio::error::broken_pipe || error == asio::error::connection_aborted)
    return {ErrorCode::kClosed, "connection: closed by the peer"};
  return {ErrorCode::kUnavailable, "connection: " + error.message()};
}

std::string address_text(const net::tcp::endpoint& peer) {
  return peer.address().to_string() + ":" + std::to_string(peer.port());
}

/// For SSL_set_msg_callback: counts the signatures that we send (RFC 8446 section 4.4.3, RFC 5246
/// section 7.4.3 for a TLS 1.2 server). `count` is a std::uint32_t.
void count_signature(int is_sent, int version, int type, const void* message, std::size_t size, SSL* session,
                     void* count) {
  if (is_sent == 0 || type != SSL3_RT_HANDSHAKE || size == 0) return;
  const int kind = *static_cast<const unsigned char*>(message);
  const bool is_signed_kex = kind == SSL3_MT_SERVER_KEY_EXCHANGE && version == TLS1_2_VERSION;
  if (kind == SSL3_MT_CERTIFICATE_VERIFY || (is_signed_kex && SSL_is_server(session) == 1))
    ++*static_cast<std::uint32_t*>(count);
}

}  // namespace

struct Stream::State : std::enable_shared_from_this<State> {
  explicit State(net::tcp::socket s) : socket(std::move(s)), watchdog(socket.get_executor()) {
    error_code ignored;
    socket.non_blocking(true, ignored);
    socket.set_option(net::tcp::no_delay(true), ignored);
    peer = socket.remote_endpoint(ignored);
    address = address_text(peer);
  }

  /// Ends pending waits, of the socket and of the keys, when `deadline` passes. The timer is moved only to
  /// come earlier: most operations end long before it rings, and it then looks again.
  void watch(Duration within) {
    timed_out = false;
    deadline = std::chrono::steady_clock::now() + within;
    if (!ringing || deadline < *ringing) ring_at(deadline);
  }
  void unwatch() { deadline = SteadyTime::max(); }

  void ring_at(SteadyTime time) {
    ringing = time;
    watchdog.expires_at(time);
    watchdog.async_wait([weak = weak_from_this()](const error_code& error) {
      if (const auto state = weak.lock(); state && !error) state->rang();
    });
  }

  void rang() {
    ringing.reset();
    if (deadline == SteadyTime::max()) return;
    if (std::chrono::steady_clock::now() < deadline) return ring_at(deadline);
    timed_out = true;
    error_code ignored;
    socket.cancel(ignored);
    if (job) job->interrupt();
  }

  /// One step of the handshake; in a job, if there is one. The error queue is read before anybody else can
  /// run on this thread.
  void shake_hands() {
    ERR_clear_error();
    const int done = SSL_do_handshake(tls.get());
    tls_error = SSL_get_error(tls.get(), done);
    if (tls_error == SSL_ERROR_NONE || tls_error == SSL_ERROR_WANT_READ || tls_error == SSL_ERROR_WANT_WRITE)
      return;
    const bool refused = SSL_get_verify_result(tls.get()) != X509_V_OK ||
                         ERR_GET_REASON(ERR_peek_error()) == SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE;
    failure = {refused ? ErrorCode::kDenied : ErrorCode::kInvalid, handshake_failure(tls.get())};
  }

  net::tcp::socket socket;
  asio::steady_timer watchdog;
  net::tcp::endpoint peer;
  std::string address;
  std::shared_ptr<const Context> context;  // what `tls` was made from
  SslPtr tls;
  std::uint32_t signatures = 0;    // of ours in the handshake
  int tls_error = SSL_ERROR_NONE;  // of the last step of the handshake
  Error failure{};                 // why it failed, if it did
  std::shared_ptr<Job> job;        // the handshake's, while it lasts; ends before `tls` does
  SteadyTime deadline = SteadyTime::max();
  std::optional<SteadyTime> ringing;  // when the pending wait of `watchdog` ends
  bool timed_out = false;
  bool interruptible = false;
};

Stream::Stream(net::tcp::socket socket) : state_(std::make_shared<State>(std::move(socket))) {}
Stream::Stream(Stream&&) noexcept = default;
Stream& Stream::operator=(Stream&& other) noexcept {
  if (this != &other) {
    if (state_) cut();
    state_ = std::move(other.state_);
  }
  return *this;
}
Stream::~Stream() {
  if (state_) cut();
}

net::awaitable<Result<Stream>> Stream::connect(std::string host, std::uint16_t port, Duration within) {
  const auto executor = co_await asio::this_coro::executor;
  const auto until = std::chrono::steady_clock::now() + within;
  const auto endpoints = co_await look_up(std::move(host), port, until);
  if (!endpoints) co_return std::unexpected(endpoints.error());
  net::tcp::socket socket(executor);
  const auto [failed, _] = co_await asio::async_connect(socket, *endpoints, asio::cancel_at(until, kAwait));
  if (failed == asio::error::operation_aborted)
    co_return fail(ErrorCode::kTimeout, "connect: no answer in time");
  if (failed) co_return fail(ErrorCode::kUnavailable, "connect: " + failed.message());
  co_return Stream(std::move(socket));
}

net::awaitable<Result<void>> Stream::wait(std::shared_ptr<State> state, int tls_error) {
  const auto direction =
      tls_error == SSL_ERROR_WANT_WRITE ? net::tcp::socket::wait_write : net::tcp::socket::wait_read;
  const auto [error] = co_await state->socket.async_wait(direction, kAwait);
  if (state->timed_out) co_return fail(ErrorCode::kTimeout, "connection: the peer was silent too long");
  if (error == asio::error::operation_aborted) co_return fail(ErrorCode::kTimeout, "connection: interrupted");
  if (error) co_return std::unexpected(to_error(error));
  co_return Result<void>();
}

net::awaitable<Result<SessionFacts>> Stream::handshake(std::shared_ptr<const Context> context,
                                                       Duration within) {
  const auto state = state_;
  CHECK(!state->tls);
  ERR_clear_error();
  state->tls.reset(context->new_session());
  if (!state->tls || SSL_set_fd(state->tls.get(), state->socket.native_handle()) != 1)
    co_return fail_openssl(ErrorCode::kUnavailable, "tls session");
  SSL_set_msg_callback(state->tls.get(), count_signature);
  SSL_set_msg_callback_arg(state->tls.get(), &state->signatures);
  state->context = std::move(context);
  const auto since = std::chrono::steady_clock::now();
  JobPool* jobs = JobPool::of_this_thread();
  if (jobs != nullptr && state->context->has_key())
    state->job = std::make_shared<Job>(*jobs, state->socket.get_executor(),
                                       [raw = state.get()] { raw->shake_hands(); });
  state->watch(within);
  auto shaken = co_await shake_hands(state);
  state->unwatch();
  state->job.reset();
  if (!shaken) co_return std::unexpected(shaken.error());
  SSL_set_msg_callback(state->tls.get(), nullptr);
  auto facts = facts_of(state->tls.get());
  if (!facts) co_return std::unexpected(facts.error());
  facts->signatures = state->signatures;
  facts->handshake_took =
      std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - since);
  co_return std::move(*facts);
}

net::awaitable<Result<void>> Stream::shake_hands(std::shared_ptr<State> state) {
  for (;;) {
    if (state->job) {
      if (auto ran = co_await Job::run(state->job); !ran) co_return ran;
    } else {
      state->shake_hands();
    }
    if (state->tls_error == SSL_ERROR_NONE) co_return Result<void>();
    if (state->tls_error != SSL_ERROR_WANT_READ && state->tls_error != SSL_ERROR_WANT_WRITE)
      co_return std::unexpected(state->failure);
    if (auto ready = co_await wait(state, state->tls_error); !ready) co_return ready;
  }
}

bool Stream::has_unread() const {
  error_code error;
  return (state_->tls && SSL_has_pending(state_->tls.get()) == 1) || state_->socket.available(error) > 0;
}

net::awaitable<Result<std::size_t>> Stream::read_some(std::span<std::byte> buffer, Duration within) {
  const auto state = state_;
  bool watching = false;
  for (;;) {
    int want = SSL_ERROR_WANT_READ;
    if (state->tls) {
      ERR_clear_error();
      std::size_t got = 0;
      const int done = SSL_read_ex(state->tls.get(), buffer.data(), buffer.size(), &got);
      if (done == 1) {
        state->unwatch();
        co_return got;
      }
      want = SSL_get_error(state->tls.get(), done);
      if (want == SSL_ERROR_SSL) co_return fail_openssl(ErrorCode::kClosed, "connection");
      if (want != SSL_ERROR_WANT_READ && want != SSL_ERROR_WANT_WRITE)
        co_return fail(ErrorCode::kClosed, "connection: closed by the peer");
    } else {
      error_code error;
      const std::size_t got = state->socket.read_some(asio::buffer(buffer.data(), buffer.size()), error);
      if (!error) {
        state->unwatch();
        co_return got;
      }
      if (error != asio::error::would_block) co_return std::unexpected(to_error(error));
    }
    if (!watching) state->watch(within);
    watching = true;
    if (auto ready = co_await wait(state, want); !ready) {
      state->unwatch();
      co_return std::unexpected(ready.error());
    }
  }
}

net::awaitable<Result<std::size_t>> Stream::read_some_interruptible(std::span<std::byte> buffer,
                                                                    Duration within) {
  const auto state = state_;
  state->interruptible = true;
  auto got = co_await read_some(buffer, within);
  state->interruptible = false;
  co_return got;
}

void Stream::interrupt() {
  error_code ignored;
  if (state_ && state_->interruptible) state_->socket.cancel(ignored);
}

net::awaitable<Result<void>> Stream::write(ByteView bytes, Duration within) {
  const auto state = state_;
  bool watching = false;
  while (!bytes.empty()) {
    int want = SSL_ERROR_WANT_WRITE;
    std::size_t put = 0;
    if (state->tls) {
      ERR_clear_error();
      const int done = SSL_write_ex(state->tls.get(), bytes.data(), bytes.size(), &put);
      if (done != 1) {
        put = 0;
        want = SSL_get_error(state->tls.get(), done);
        if (want == SSL_ERROR_SSL) co_return fail_openssl(ErrorCode::kClosed, "connection");
        if (want != SSL_ERROR_WANT_READ && want != SSL_ERROR_WANT_WRITE)
          co_return fail(ErrorCode::kClosed, "connection: closed by the peer");
      }
    } else {
      error_code error;
      put = state->socket.write_some(asio::buffer(bytes.data(), bytes.size()), error);
      if (error && error != asio::error::would_block) co_return std::unexpected(to_error(error));
    }
    bytes = bytes.subspan(put);
    if (put > 0) continue;
    if (!watching) state->watch(within);
    watching = true;
    if (auto ready = co_await wait(state, want); !ready) {
      state->unwatch();
      co_return ready;
    }
  }
  state->unwatch();
  co_return Result<void>();
}

void Stream::cut() {
  error_code ignored;
  state_->watchdog.cancel();
  // Before the socket: the handshake still writes to its descriptor when it is told to fail.
  if (state_->job) state_->job->end();
  state_->socket.close(ignored);
}

void Stream::say_end() {
  if (secure()) SSL_shutdown(state_->tls.get());
  ERR_clear_error();
  error_code ignored;
  state_->socket.shutdown(net::tcp::socket::shutdown_send, ignored);
}

void Stream::close() {
  say_end();
  cut();
}

net::awaitable<void> Stream::close_after_reading(Duration within) {
  const auto state = state_;
  say_end();
  state->watch(within);
  std::array<std::byte, 4096> unread;
  for (;;) {
    error_code error;
    state->socket.read_some(asio::buffer(unread), error);
    if (error && error != asio::error::would_block) break;
    if (state->timed_out) break;
    if (error && !co_await wait(state, SSL_ERROR_WANT_READ)) break;
  }
  cut();
}

bool Stream::secure() const { return state_->tls && SSL_is_init_finished(state_->tls.get()); }

std::string Stream::peer_fingerprint() const {
  X509* certificate = secure() ? SSL_get0_peer_certificate(state_->tls.get()) : nullptr;
  std::array<unsigned char, 32> digest{};
  unsigned int size = 0;
  if (certificate == nullptr || X509_digest(certificate, EVP_sha256(), digest.data(), &size) != 1) return "";
  return to_hex(std::as_bytes(std::span(digest)));
}

asio::ip::address Stream::peer_ip() const { return state_->peer.address(); }

const std::string& Stream::peer_address() const { return state_->address; }

}  // namespace privyseal::tls
