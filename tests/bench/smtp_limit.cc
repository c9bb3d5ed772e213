// The least that can be done between the source and the sink of the SMTP benches: STARTTLS or clear text in,
// for every mail a fresh handshake out, and the bytes passed on as they come. No rules, no ledger, keys in
// memory, a thread for each connection. What a relay costs beyond this is its own doing.
//
//   smtp_limit LAN_CERTIFICATE LAN_KEY WAN_CERTIFICATE WAN_KEY WAN_CA SINK_PORT SINK_NAME
//
// It prints "port N" and runs until it is killed.
#include <charconv>
#include <csignal>
#include <cstring>
#include <iostream>
#include <string>
#include <thread>

#include "tests/bench/smtp_stream.h"

namespace privyseal::bench {
namespace {

struct Limit {
  SslContext lan;
  SslContext wan;
  std::uint16_t sink_port;
  std::string sink_name;
};

Result<SmtpStream> open_sink(const Limit& limit) {
  auto fd = connect_to(limit.sink_port);
  if (!fd) return std::unexpected(fd.error());
  SmtpStream sink(std::move(*fd));
  Result<void> done = sink.expect("220");
  if (done) done = sink.say("EHLO limit\r\n", "250");
  if (done) done = sink.say("STARTTLS\r\n", "220");
  if (done) done = sink.connect_tls(limit.wan.get(), limit.sink_name);
  if (done) done = sink.say("EHLO limit\r\n", "250");
  if (!done) return std::unexpected(done.error());
  return sink;
}

Result<void> pass_body(SmtpStream& from, SmtpStream& to) {
  constexpr std::size_t kAtOnce = 16384;  // a TLS record
  std::string passed;
  for (;;) {
    const auto line = from.read_line();
    if (!line) return std::unexpected(line.error());
    const bool is_end = *line == ".";
    passed.append(*line).append("\r\n");
    if (is_end || passed.size() >= kAtOnce) {
      if (auto sent = to.write(passed); !sent || is_end) return sent;
      passed.clear();
    }
  }
}

/// MAIL, one RCPT and DATA, which the source sends as a group.
Result<void> pass_mail(const Limit& limit, SmtpStream& source, std::string group) {
  for (int i = 0; i < 2; ++i) {
    const auto line = source.read_line();
    if (!line) return std::unexpected(line.error());
    group.append(*line).append("\r\n");
  }
  auto sink = open_sink(limit);
  if (!sink) return std::unexpected(sink.error());
  Result<void> done = sink->say(group, "250");
  if (done) done = sink->expect("250");
  if (done) done = sink->expect("354");
  if (done) done = source.write("250 2.1.0 ok\r\n250 2.1.5 ok\r\n354 go on\r\n");
  if (done) done = pass_body(source, *sink);
  if (done) done = sink->expect("250");
  if (done) done = source.write("250 2.0.0 taken\r\n");
  if (done) done = sink->say("QUIT\r\n", "221");
  return done;
}

Result<void> serve(const Limit& limit, UniqueFd fd) {
  SmtpStream source(std::move(fd));
  Result<void> done = source.write("220 limit ESMTP\r\n");
  while (done) {
    const auto line = source.read_line();
    if (!line) return std::unexpected(line.error());
    if (line->starts_with("MAIL")) {
      done = pass_mail(limit, source, std::string(*line) + "\r\n");
    } else if (line->starts_with("STARTTLS")) {
      done = source.write("220 2.0.0 go on\r\n");
      if (done) done = source.accept_tls(limit.lan.get());
    } else if (line->starts_with("QUIT")) {
      return source.write("221 2.0.0 bye\r\n");
    } else {
      done = source.write("250-limit\r\n250-PIPELINING\r\n250 STARTTLS\r\n");
    }
  }
  return done;
}

Result<Limit> read_arguments(char** arguments) {
  auto lan = server_context(arguments[0], arguments[1], arguments[4]);
  if (!lan) return std::unexpected(lan.error());
  SSL_CTX_set_verify(lan->get(), SSL_VERIFY_NONE, nullptr);
  auto wan = client_context(arguments[4]);
  if (!wan) return std::unexpected(wan.error());
  if (SSL_CTX_use_certificate_chain_file(wan->get(), arguments[2]) != 1 ||
      SSL_CTX_use_PrivateKey_file(wan->get(), arguments[3], SSL_FILETYPE_PEM) != 1)
    return fail(ErrorCode::kInvalid, "certificate or key file");
  Limit limit{.lan = std::move(*lan), .wan = std::move(*wan), .sink_port = 0, .sink_name = arguments[6]};
  const char* end = arguments[5] + std::strlen(arguments[5]);
  if (std::from_chars(arguments[5], end, limit.sink_port).ptr != end)
    return fail(ErrorCode::kInvalid, "not a port");
  return limit;
}

}  // namespace
}  // namespace privyseal::bench

int main(int argc, char** argv) {
  using namespace privyseal;
  std::signal(SIGPIPE, SIG_IGN);
  const auto limit = argc == 8 ? bench::read_arguments(argv + 1)
                               : std::unexpected(Error{ErrorCode::kInvalid, "seven arguments are needed"});
  const auto listener = limit ? bench::listen_on_loopback() : std::unexpected(limit.error());
  if (!listener) {
    std::cerr << "smtp_limit: " << listener.error().message << '\n';
    return 2;
  }
  for (;;) {
    UniqueFd fd = bench::accept_next(*listener);
    if (!fd) continue;
    std::thread([&limit, moved = std::move(fd)]() mutable {
      const auto served = bench::serve(*limit, std::move(moved));
      if (!served && served.error().code != ErrorCode::kClosed) std::cerr << served.error().message << '\n';
    }).detach();
  }
}
