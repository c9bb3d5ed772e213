/// One connection of a stand-in peer: lines over TCP, and over TLS once it was started.
///
/// It remembers every byte it received, before and after TLS, so that a test can
/// judge what was really on the wire and not what some parser made of it.
///
/// Threads: one at a time, but socket()->shut_down() may come from another.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "firmware/base/result.h"
#include "tests/peer/mbedtls_stream.h"
#include "tests/peer/tcp_socket.h"

namespace privyseal::peer {

enum class TlsRole { kClient, kServer };

class Connection {
 public:
  explicit Connection(TcpSocket socket) : socket_(std::make_shared<TcpSocket>(std::move(socket))) {}

  /// One line without its LF or CRLF. kInvalid: longer than 4 MiB.
  [[nodiscard]] Result<std::string> read_line(std::chrono::milliseconds wait);
  /// Exactly so many bytes.
  [[nodiscard]] Result<std::string> read_bytes(std::size_t count, std::chrono::milliseconds wait);
  [[nodiscard]] Result<void> write(std::string_view bytes, std::chrono::milliseconds wait);

  /// Bytes that were received but not read before are dropped, as RFC 3207 section 4.2 wants it.
  [[nodiscard]] Result<void> start_tls(TlsRole role, const TlsOptions& options,
                                       std::chrono::milliseconds wait);

  /// Null before TLS.
  [[nodiscard]] const MbedTlsStream* tls() const { return tls_ ? &*tls_ : nullptr; }
  [[nodiscard]] const std::shared_ptr<TcpSocket>& socket() const { return socket_; }
  [[nodiscard]] bool has_unread() const { return start_ < buffer_.size(); }

  /// Hands out the bytes received since the last call; `encrypted`: those that came inside TLS.
  struct Received {
    std::string plain;
    std::string encrypted;
  };
  [[nodiscard]] Received take_received();

  /// Says close_notify, if there is TLS.
  void close();

 private:
  [[nodiscard]] Result<void> fill(std::chrono::milliseconds wait);

  std::shared_ptr<TcpSocket> socket_;  // shared with who may have to wake us
  std::optional<MbedTlsStream> tls_;
  std::string buffer_;
  std::size_t start_ = 0;    // of what was not read yet
  std::size_t scanned_ = 0;  // no LF between start_ and here
  Received received_;
};

}  // namespace privyseal::peer
