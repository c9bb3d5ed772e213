/// One TCP connection, in clear until `handshake`, under TLS after it.
///
/// Why not asio::ssl: STARTTLS must know what was buffered before the handshake
/// (here: nothing, the stream never reads ahead in clear), and the end of a mail must be
/// cut without a closing alert when the mail is not to be accepted.
///
/// Every wait has a deadline; one timer per stream watches it and is rarely touched.
///
/// A signature that the handshake needs is waited for like a byte of the peer's, if this thread has a JobPool
/// (job.h); otherwise the thread blocks.
///
/// Threads: the loop of its socket only. Ownership: the stream owns the socket and the TLS state.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <span>

#include "firmware/base/bytes.h"
#include "firmware/base/result.h"
#include "firmware/tls/context.h"
#include "firmware/tls/net.h"
#include "firmware/tls/session_facts.h"

namespace privyseal::tls {

class Stream {
 public:
  using Duration = std::chrono::steady_clock::duration;

  explicit Stream(net::tcp::socket socket);
  Stream(Stream&&) noexcept;
  Stream& operator=(Stream&&) noexcept;
  ~Stream();

  /// Connects to the first of the host's addresses that answers. kUnavailable, kTimeout.
  [[nodiscard]] static net::awaitable<Result<Stream>> connect(std::string host, std::uint16_t port,
                                                              Duration within);

  /// Client or server as the context says. kDenied: the peer's certificate was refused, and the message is
  /// one of handshake_failure's words. kInvalid: other TLS errors. kUnavailable: too many handshakes wait
  /// for the keys. kTimeout, kClosed: as for read.
  /// Must be called at most once, with nothing of the peer's clear text left unread by the caller.
  [[nodiscard]] net::awaitable<Result<SessionFacts>> handshake(std::shared_ptr<const Context> context,
                                                               Duration within);

  /// At least one byte into `buffer`. kClosed: the end, orderly or not (no half mail depends on the
  /// difference: SMTP marks its own end). kTimeout: nothing came. The buffer must outlive the call.
  [[nodiscard]] net::awaitable<Result<std::size_t>> read_some(std::span<std::byte> buffer, Duration within);

  /// Bytes of the peer's are here already, to be read or of TLS itself.
  [[nodiscard]] bool has_unread() const;

  /// All of `bytes`, which must outlive the call.
  [[nodiscard]] net::awaitable<Result<void>> write(ByteView bytes, Duration within);

  /// A read that may be ended early by `interrupt`: it then gives kTimeout. For waits between commands.
  [[nodiscard]] net::awaitable<Result<std::size_t>> read_some_interruptible(std::span<std::byte> buffer,
                                                                            Duration within);
  void interrupt();

  /// Ends the connection at once and without TLS's closing alert, so that the peer cannot take it for an
  /// orderly end.
  void cut();
  /// Says the closing alert, if TLS is on, and closes; does not wait for the peer.
  void close();
  /// The same, but hears the peer out for a while first: closing with unread bytes would reset the
  /// connection, and the peer might never see our last reply.
  [[nodiscard]] net::awaitable<void> close_after_reading(Duration within);

  [[nodiscard]] bool secure() const;
  /// SHA-256 of the peer's certificate, hexadecimal; empty: it showed none.
  [[nodiscard]] std::string peer_fingerprint() const;
  [[nodiscard]] boost::asio::ip::address peer_ip() const;
  /// "192.0.2.1:25"
  [[nodiscard]] const std::string& peer_address() const;

 private:
  struct State;

  static net::awaitable<Result<void>> wait(std::shared_ptr<State> state, int tls_error);
  static net::awaitable<Result<void>> shake_hands(std::shared_ptr<State> state);

  void say_end();

  std::shared_ptr<State> state_;
};

}  // namespace privyseal::tls
