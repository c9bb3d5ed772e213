#include "tests/peer/smtp_client.h"

#include <charconv>

namespace privyseal::peer {
namespace {

Result<int> code_of(const std::string& line) {
  int code = 0;
  const auto [end, error] =
      std::from_chars(line.data(), line.data() + std::min<std::size_t>(line.size(), 3), code);
  if (error != std::errc{} || end != line.data() + 3) return fail(ErrorCode::kInvalid, "reply: no code");
  return code;
}

}  // namespace

Result<SmtpClient> SmtpClient::connect(std::uint16_t port, const std::string& source) {
  auto socket = TcpSocket::connect(port, source);
  if (!socket) return std::unexpected(socket.error());
  return SmtpClient(std::move(*socket));
}

Result<Reply> SmtpClient::read_reply(std::chrono::milliseconds wait) {
  Reply reply;
  for (;;) {
    const auto line = connection_.read_line(wait);
    if (!line) return std::unexpected(line.error());
    const auto code = code_of(*line);
    if (!code) return std::unexpected(code.error());
    reply.code = *code;
    reply.text += (reply.text.empty() ? "" : "\n") + *line;
    was_accepted_ = reply.code == 250;
    if (line->size() == 3 || (*line)[3] != '-') return reply;
  }
}

SmtpClient::~SmtpClient() {
  if (was_accepted_ && connection_.socket()) static_cast<void>(write("QUIT\r\n"));
}

Result<Reply> SmtpClient::command(std::string_view line) {
  if (auto sent = write(std::string(line) + "\r\n"); !sent) return std::unexpected(sent.error());
  return read_reply();
}

Result<void> SmtpClient::write(std::string_view bytes) { return connection_.write(bytes, kWait); }

Result<void> SmtpClient::start_tls(const TlsOptions& options, std::string_view injected) {
  if (auto sent = write("STARTTLS\r\n" + std::string(injected)); !sent) return sent;
  const auto reply = read_reply();
  if (!reply) return std::unexpected(reply.error());
  if (reply->code != 220) return fail(ErrorCode::kDenied, "STARTTLS: " + reply->text);
  if (connection_.has_unread()) return fail(ErrorCode::kInvalid, "STARTTLS: bytes behind the 220");
  return connection_.start_tls(TlsRole::kClient, options, kWait);
}

Result<void> SmtpClient::open(const TlsOptions& options) {
  const auto greeting = read_reply();
  if (!greeting) return std::unexpected(greeting.error());
  if (greeting->code != 220) return fail(ErrorCode::kDenied, "greeting: " + greeting->text);
  if (const auto hello = command("EHLO client.example"); !hello) return std::unexpected(hello.error());
  if (auto secured = start_tls(options); !secured) return secured;
  const auto hello = command("EHLO client.example");
  if (!hello) return std::unexpected(hello.error());
  if (hello->code != 250) return fail(ErrorCode::kDenied, "EHLO: " + hello->text);
  return {};
}

Result<void> SmtpClient::open_tls_first(const TlsOptions& options) {
  if (auto secured = connection_.start_tls(TlsRole::kClient, options, kWait); !secured) return secured;
  const auto greeting = read_reply();
  if (!greeting) return std::unexpected(greeting.error());
  if (greeting->code != 220) return fail(ErrorCode::kDenied, "greeting: " + greeting->text);
  const auto hello = command("EHLO client.example");
  if (!hello) return std::unexpected(hello.error());
  if (hello->code != 250) return fail(ErrorCode::kDenied, "EHLO: " + hello->text);
  return {};
}

Result<Reply> SmtpClient::envelope(const Mail& mail) {
  auto reply = command("MAIL FROM:<" + mail.sender + ">");
  if (!reply || reply->code != 250) return reply;
  for (const std::string& recipient : mail.recipients) {
    reply = command("RCPT TO:<" + recipient + ">");
    if (!reply || reply->code != 250) return reply;
  }
  return command("DATA");
}

Result<Reply> SmtpClient::send(const Mail& mail) {
  auto reply = envelope(mail);
  if (!reply || reply->code != 354) return reply;
  if (auto sent = write(dot_stuffed(mail.message)); !sent) return std::unexpected(sent.error());
  return read_reply();
}

bool SmtpClient::is_ended_by_server(std::chrono::milliseconds wait) {
  for (;;) {
    const auto line = connection_.read_line(wait);
    if (!line) return line.error().code != ErrorCode::kTimeout;
  }
}

std::string dot_stuffed(std::string_view message) {
  std::string stuffed;
  while (!message.empty()) {
    const std::size_t end = message.find("\r\n");
    const std::size_t length = end == std::string_view::npos ? message.size() : end + 2;
    if (message.starts_with('.')) stuffed += '.';
    stuffed += message.substr(0, length);
    message.remove_prefix(length);
  }
  if (!stuffed.empty() && !stuffed.ends_with("\r\n")) stuffed += "\r\n";
  return stuffed + ".\r\n";
}

}  // namespace privyseal::peer
