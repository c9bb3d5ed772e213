// The far end of the SMTP benches: takes mail by mutual TLS 1.3, throws it away, and says when
// the last message has come.
//
//   smtp_sink CERTIFICATE KEY CA
//
// It prints "port N", then obeys its standard input: "expect N" starts a round, and when N messages
// are complete it prints "done NANOSECONDS HANDSHAKES RESUMED", the first being CLOCK_MONOTONIC.
#include <atomic>
#include <chrono>
#include <csignal>
#include <iostream>
#include <string>
#include <thread>

#include "tests/bench/smtp_stream.h"

namespace privyseal::bench {
namespace {

/// What has come since the round began. Threads: any.
class Round {
 public:
  void begin(std::uint64_t messages) {
    handshakes_ = resumed_ = messages_ = 0;
    expected_ = messages;
    std::cout << "ready" << std::endl;
  }
  void count_handshake(bool was_resumed) {
    ++handshakes_;
    if (was_resumed) ++resumed_;
  }
  void count_message() {
    if (++messages_ != expected_) return;
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    std::cout << "done " << std::chrono::nanoseconds(now).count() << ' ' << handshakes_ << ' ' << resumed_
              << std::endl;
  }

 private:
  std::atomic<std::uint64_t> expected_ = 0;
  std::atomic<std::uint64_t> messages_ = 0;
  std::atomic<std::uint64_t> handshakes_ = 0;
  std::atomic<std::uint64_t> resumed_ = 0;
};

Result<void> take_body(SmtpStream& stream) {
  for (;;) {
    const auto line = stream.read_line();
    if (!line) return std::unexpected(line.error());
    if (*line == ".") return {};
  }
}

Result<void> take_mail(SmtpStream& stream, Round& round) {
  for (;;) {
    const auto line = stream.read_line();
    if (!line) return std::unexpected(line.error());
    Result<void> answered;
    if (line->starts_with("EHLO")) {
      answered =
          stream.write("250-sink\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-SIZE 52428800\r\n250 DSN\r\n");
    } else if (line->starts_with("DATA")) {
      answered = stream.write("354 go on\r\n");
      if (answered) answered = take_body(stream);
      if (answered) {
        round.count_message();
        answered = stream.write("250 2.0.0 taken\r\n");
      }
    } else if (line->starts_with("QUIT")) {
      return stream.write("221 2.0.0 bye\r\n");
    } else {
      answered = stream.write("250 2.0.0 ok\r\n");
    }
    if (!answered) return answered;
  }
}

Result<void> serve(UniqueFd fd, SSL_CTX* context, Round& round) {
  SmtpStream stream(std::move(fd));
  if (auto sent = stream.write("220 sink ESMTP\r\n"); !sent) return sent;
  for (;;) {
    const auto line = stream.read_line();
    if (!line) return std::unexpected(line.error());
    if (line->starts_with("STARTTLS")) break;
    if (auto sent = stream.write("250-sink\r\n250 STARTTLS\r\n"); !sent) return sent;
  }
  if (auto sent = stream.write("220 2.0.0 go on\r\n"); !sent) return sent;
  if (auto tls = stream.accept_tls(context); !tls) return tls;
  round.count_handshake(stream.was_resumed());
  return take_mail(stream, round);
}

void accept_all(const UniqueFd& listener, SSL_CTX* context, Round& round) {
  for (;;) {
    UniqueFd fd = accept_next(listener);
    if (!fd) continue;
    std::thread([moved = std::move(fd), context, &round]() mutable {
      const auto served = serve(std::move(moved), context, round);
      if (!served && served.error().code != ErrorCode::kClosed) std::cerr << served.error().message << '\n';
    }).detach();
  }
}

int run(const char* certificate, const char* key, const char* ca) {
  const auto context = server_context(certificate, key, ca);
  const auto listener = context ? listen_on_loopback() : std::unexpected(context.error());
  if (!listener) {
    std::cerr << "smtp_sink: " << listener.error().message << '\n';
    return 1;
  }
  Round round;
  std::thread([&] { accept_all(*listener, context->get(), round); }).detach();
  std::string word;
  std::uint64_t messages = 0;
  while (std::cin >> word >> messages) round.begin(messages);
  std::quick_exit(0);  // the connections' threads still look at what main owns
}

}  // namespace
}  // namespace privyseal::bench

int main(int argc, char** argv) {
  if (argc != 4) {
    std::cerr << "usage: smtp_sink CERTIFICATE KEY CA\n";
    return 2;
  }
  std::signal(SIGPIPE, SIG_IGN);
  return privyseal::bench::run(argv[1], argv[2], argv[3]);
}
