/// One blocking SMTP connection of the benches, in clear and then in TLS.
///
/// For loopback and for peers of our own only: it parses no more than the benches
/// need, and a peer that sends anything else ends the connection.
///
/// Threads: one per stream. Ownership: the stream owns its descriptor and its SSL.
#pragma once

#include <openssl/ssl.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "firmware/base/free.h"
#include "firmware/base/result.h"
#include "firmware/base/unique_fd.h"

namespace privyseal::bench {

using SslContext = std::unique_ptr<SSL_CTX, Free<SSL_CTX_free>>;

/// kInvalid: a file that OpenSSL does not take; the message has OpenSSL's own reason.
/// TLS 1.3 only, no tickets, no session cache; the server requires a client certificate from `ca_file`.
[[nodiscard]] Result<SslContext> server_context(const std::string& certificate_file,
                                                const std::string& key_file, const std::string& ca_file);
/// TLS 1.3 only; the server's certificate must come from `ca_file`.
[[nodiscard]] Result<SslContext> client_context(const std::string& ca_file);

/// A socket on loopback; `connect_to` with TCP_NODELAY.
[[nodiscard]] Result<UniqueFd> connect_to(std::uint16_t port);
/// Prints "port N".
[[nodiscard]] Result<UniqueFd> listen_on_loopback();
/// The next connection, with TCP_NODELAY; empty when there was none.
[[nodiscard]] UniqueFd accept_next(const UniqueFd& listener);

class SmtpStream {
 public:
  explicit SmtpStream(UniqueFd fd) : fd_(std::move(fd)) {}

  [[nodiscard]] Result<void> accept_tls(SSL_CTX* context);
  /// kDenied: the server's certificate does not name `host`.
  [[nodiscard]] Result<void> connect_tls(SSL_CTX* context, const std::string& host);
  [[nodiscard]] bool was_resumed() const { return SSL_session_reused(ssl_.get()) == 1; }

  /// One line without its CRLF; valid until the next read. kClosed: the peer went away.
  [[nodiscard]] Result<std::string_view> read_line();
  /// All lines of one reply; kInvalid when its code is not `code`.
  [[nodiscard]] Result<void> expect(std::string_view code);
  [[nodiscard]] Result<void> write(std::string_view bytes);
  /// `command`, which must end with CRLF, and a reply with this code.
  [[nodiscard]] Result<void> say(std::string_view command, std::string_view code);

 private:
  [[nodiscard]] Result<void> fill();

  UniqueFd fd_;
  std::unique_ptr<SSL, Free<SSL_free>> ssl_;
  std::string buffer_;  ///< received bytes; those before begin_ are used up
  std::size_t begin_ = 0;
};

/// A mail server's connection to the relay at this port, as far as the EHLO inside TLS; without a context, in
/// clear.
[[nodiscard]] Result<SmtpStream> open_client(std::uint16_t port, SSL_CTX* context,
                                             const std::string& server_name);

}  // namespace privyseal::bench
