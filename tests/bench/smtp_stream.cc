#include "tests/bench/smtp_stream.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <sys/socket.h>

#include <array>
#include <iostream>

namespace privyseal::bench {
namespace {

std::unexpected<Error> fail_openssl(ErrorCode code, std::string_view doing) {
  std::array<char, 256> reason{};
  ERR_error_string_n(ERR_peek_last_error(), reason.data(), reason.size());
  ERR_clear_error();
  return fail(code, std::string(doing) + ": " + reason.data());
}

Result<SslContext> make_context(const SSL_METHOD* method, const std::string& ca_file) {
  SslContext context(SSL_CTX_new(method));
  if (!context) return fail_openssl(ErrorCode::kUnavailable, "tls context");
  SSL_CTX_set_min_proto_version(context.get(), TLS1_3_VERSION);
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(context.get(), 0);
  SSL_CTX_set_mode(context.get(), SSL_MODE_NO_AUTO_CHAIN);
  // What Postfix agrees on by itself: the same key agreement on every leg of everybody.
  if (SSL_CTX_set1_groups_list(context.get(), "X25519") != 1)
    return fail_openssl(ErrorCode::kInvalid, "groups");
  if (SSL_CTX_load_verify_file(context.get(), ca_file.c_str()) != 1)
    return fail_openssl(ErrorCode::kInvalid, "ca file");
  return context;
}

void send_at_once(const UniqueFd& fd) {
  const int on = 1;
  ::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

}  // namespace

Result<SslContext> server_context(const std::string& certificate_file, const std::string& key_file,
                                  const std::string& ca_file) {
  auto context = make_context(TLS_server_method(), ca_file);
  if (!context) return context;
  SSL_CTX_set_verify(context->get(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  if (SSL_CTX_use_certificate_chain_file(context->get(), certificate_file.c_str()) != 1 ||
      SSL_CTX_use_PrivateKey_file(context->get(), key_file.c_str(), SSL_FILETYPE_PEM) != 1) {
    return fail_openssl(ErrorCode::kInvalid, "certificate or key file");
  }
  return context;
}

Result<SslContext> client_context(const std::string& ca_file) {
  auto context = make_context(TLS_client_method(), ca_file);
  if (context) SSL_CTX_set_verify(context->get(), SSL_VERIFY_PEER, nullptr);
  return context;
}

Result<UniqueFd> connect_to(std::uint16_t port) {
  UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0)
    return fail_errno("connect");
  send_at_once(fd);
  return fd;
}

Result<UniqueFd> listen_on_loopback() {
  UniqueFd listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  if (::bind(listener.get(), reinterpret_cast<sockaddr*>(&address), size) != 0 ||
      ::listen(listener.get(), 512) != 0 ||
      ::getsockname(listener.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    return fail_errno("listen");
  }
  std::cout << "port " << ntohs(address.sin_port) << std::endl;
  return listener;
}

UniqueFd accept_next(const UniqueFd& listener) {
  UniqueFd fd(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
  if (fd) send_at_once(fd);
  return fd;
}

Result<void> SmtpStream::say(std::string_view command, std::string_view code) {
  if (auto sent = write(command); !sent) return sent;
  return expect(code);
}

Result<void> SmtpStream::accept_tls(SSL_CTX* context) {
  if (begin_ != buffer_.size()) return fail(ErrorCode::kInvalid, "starttls: bytes before the handshake");
  ssl_.reset(SSL_new(context));
  if (!ssl_ || SSL_set_fd(ssl_.get(), fd_.get()) != 1) return fail_openssl(ErrorCode::kUnavailable, "tls");
  if (SSL_accept(ssl_.get()) != 1) return fail_openssl(ErrorCode::kInvalid, "tls accept");
  return {};
}

Result<void> SmtpStream::connect_tls(SSL_CTX* context, const std::string& host) {
  ssl_.reset(SSL_new(context));
  if (!ssl_ || SSL_set_fd(ssl_.get(), fd_.get()) != 1 || SSL_set1_host(ssl_.get(), host.c_str()) != 1) {
    return fail_openssl(ErrorCode::kUnavailable, "tls");
  }
  if (SSL_connect(ssl_.get()) != 1) return fail_openssl(ErrorCode::kDenied, "tls connect");
  return {};
}

Result<void> SmtpStream::fill() {
  buffer_.erase(0, begin_);
  begin_ = 0;
  constexpr std::size_t kReadBytes = 16 * 1024;
  const std::size_t used = buffer_.size();
  buffer_.resize(used + kReadBytes);
  const ssize_t got = ssl_ ? SSL_read(ssl_.get(), buffer_.data() + used, static_cast<int>(kReadBytes))
                           : ::recv(fd_.get(), buffer_.data() + used, kReadBytes, 0);
  ERR_clear_error();
  buffer_.resize(used + (got > 0 ? static_cast<std::size_t>(got) : 0));
  if (got <= 0) return fail(ErrorCode::kClosed, "the peer closed the connection");
  return {};
}

Result<std::string_view> SmtpStream::read_line() {
  std::size_t searched = begin_;
  for (;;) {
    const std::size_t end = buffer_.find("\r\n", searched);
    if (end != std::string::npos) {
      const std::string_view line(buffer_.data() + begin_, end - begin_);
      begin_ = end + 2;
      return line;
    }
    // A CR may be the last byte so far.
    searched = buffer_.size() - begin_ - (buffer_.ends_with('\r') ? 1 : 0);
    if (auto filled = fill(); !filled) return std::unexpected(filled.error());
  }
}

Result<void> SmtpStream::expect(std::string_view code) {
  for (;;) {
    const auto line = read_line();
    if (!line) return std::unexpected(line.error());
    if (!line->starts_with(code)) {
      return fail(ErrorCode::kInvalid, "expected " + std::string(code) + ", got: " + std::string(*line));
    }
    if (line->size() == code.size() || (*line)[code.size()] == ' ') return {};
  }
}

Result<void> SmtpStream::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t put = ssl_ ? SSL_write(ssl_.get(), bytes.data(), static_cast<int>(bytes.size()))
                             : ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    ERR_clear_error();
    if (put <= 0) return fail(ErrorCode::kClosed, "the peer closed the connection");
    bytes.remove_prefix(static_cast<std::size_t>(put));
  }
  return {};
}

Result<SmtpStream> open_client(std::uint16_t port, SSL_CTX* context, const std::string& server_name) {
  auto fd = connect_to(port);
  if (!fd) return std::unexpected(fd.error());
  SmtpStream stream(std::move(*fd));
  Result<void> done = stream.expect("220");
  if (done) done = stream.say("EHLO mail.lawfirm.example\r\n", "250");
  if (done && context == nullptr) return stream;
  if (done) done = stream.say("STARTTLS\r\n", "220");
  if (done) done = stream.connect_tls(context, server_name);
  if (done) done = stream.say("EHLO mail.lawfirm.example\r\n", "250");
  if (!done) return std::unexpected(done.error());
  return stream;
}

}  // namespace privyseal::bench
