/// A mail client that a test drives step by step, also into wrong steps.
///
/// Threads: one at a time.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "firmware/base/result.h"
#include "tests/peer/connection.h"

namespace privyseal::peer {

struct Reply {
  int code = 0;
  std::string text;  ///< all lines with their codes, separated by LF
};

struct Mail {
  std::string sender;  ///< without angle brackets
  std::vector<std::string> recipients;
  std::string message;  ///< lines with CRLF; the client stuffs the dots
};

class SmtpClient {
 public:
  /// How long one reply or write may take before the test has failed.
  static constexpr std::chrono::milliseconds kWait{30'000};

  [[nodiscard]] static Result<SmtpClient> connect(std::uint16_t port,
                                                  const std::string& source = "127.0.0.1");

  [[nodiscard]] Result<Reply> read_reply(std::chrono::milliseconds wait = kWait);
  /// Sends `line` with CRLF and reads the reply.
  [[nodiscard]] Result<Reply> command(std::string_view line);
  /// Sends the bytes as they are.
  [[nodiscard]] Result<void> write(std::string_view bytes);

  /// STARTTLS and the handshake. `injected` is sent in one write behind the STARTTLS line.
  /// kDenied: another reply than 220, or the handshake failed. kInvalid: bytes came with the 220.
  [[nodiscard]] Result<void> start_tls(const TlsOptions& options, std::string_view injected = "");
  /// Reads the greeting, says EHLO, starts TLS, says EHLO again.
  [[nodiscard]] Result<void> open(const TlsOptions& options);

  /// The same where TLS comes before the greeting.
  [[nodiscard]] Result<void> open_tls_first(const TlsOptions& options);

  /// MAIL, RCPTs and DATA up to the 354; gives the first reply that is not a 2xx, or the 354.
  [[nodiscard]] Result<Reply> envelope(const Mail& mail);
  /// The whole transaction: the last reply, or the first refusal.
  [[nodiscard]] Result<Reply> send(const Mail& mail);

  /// Null before TLS.
  [[nodiscard]] const MbedTlsStream* tls() const { return connection_.tls(); }
  /// True when the server ended the connection within `wait`, after any bytes.
  [[nodiscard]] bool is_ended_by_server(std::chrono::milliseconds wait);
  void reset() {
    was_accepted_ = false;
    connection_.socket()->reset();
  }

  SmtpClient(SmtpClient&&) = default;
  SmtpClient& operator=(SmtpClient&&) = default;
  /// Says QUIT if the last reply was a 250, as a sender does that heard it.
  ~SmtpClient();

 private:
  explicit SmtpClient(TcpSocket socket) : connection_(std::move(socket)) {}

  Connection connection_;
  bool was_accepted_ = false;  // the last reply was a 250
};

/// The message as it stands between DATA's 354 and the end: dots stuffed, final dot included.
[[nodiscard]] std::string dot_stuffed(std::string_view message);

}  // namespace privyseal::peer
