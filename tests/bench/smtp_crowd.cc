// Many mail servers at once that do hardly anything: each has STARTTLS and EHLO behind it, and then is idle,
// or sends one mail very slowly.
//
//   smtp_crowd idle|slow PORT CA SERVER_NAME CONNECTIONS SENDER RECIPIENT
//
// It prints "open" when all are there, and keeps them until its standard input ends. It ends 0 when none of
// them was lost.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <iostream>
#include <iterator>
#include <string>
#include <thread>
#include <vector>

#include "tests/bench/smtp_stream.h"

namespace privyseal::bench {
namespace {

using Clock = std::chrono::steady_clock;

struct Crowd {
  bool is_slow;
  std::uint16_t port;
  std::string ca_file;
  std::string server_name;
  unsigned connections;
  std::string sender;
  std::string recipient;
};

// 680 bytes a second: a little more than what the gateway would take for too slow (firmware/gateway/pace.h).
constexpr std::chrono::milliseconds kPartEvery{1500};
constexpr unsigned kPartLines = 16;

Result<void> begin_mail(SmtpStream& stream, const Crowd& crowd) {
  Result<void> done =
      stream.write("MAIL FROM:<" + crowd.sender + ">\r\nRCPT TO:<" + crowd.recipient + ">\r\nDATA\r\n");
  if (done) done = stream.expect("250");
  if (done) done = stream.expect("250");
  if (done) done = stream.expect("354");
  if (done)
    done = stream.write("From: <" + crowd.sender + ">\r\nTo: <" + crowd.recipient +
                        ">\r\nSubject: slow\r\nDate: Thu, 01 Jan 2026 00:00:00 +0000\r\n"
                        "Message-ID: <slow@lawfirm.example>\r\n\r\n");
  return done;
}

/// A few at a time: nobody's queue of new connections overflows.
Result<std::vector<SmtpStream>> gather(const Crowd& crowd, SSL_CTX* context) {
  constexpr std::size_t kAtOnce = 16;
  std::vector<std::vector<SmtpStream>> shares(kAtOnce);
  std::vector<Result<void>> results(kAtOnce);
  std::atomic<unsigned> taken = 0;
  std::vector<std::jthread> threads;
  for (std::size_t i = 0; i < kAtOnce; ++i) {
    threads.emplace_back([&, i] {
      while (results[i] && taken++ < crowd.connections) {
        auto stream = open_client(crowd.port, context, crowd.server_name);
        results[i] = stream.transform([](const SmtpStream&) {});
        if (stream && crowd.is_slow) results[i] = begin_mail(*stream, crowd);
        if (results[i]) shares[i].push_back(std::move(*stream));
      }
    });
  }
  threads.clear();  // joins
  std::vector<SmtpStream> all;
  for (std::size_t i = 0; i < kAtOnce; ++i) {
    if (!results[i]) return std::unexpected(results[i].error());
    std::ranges::move(shares[i], std::back_inserter(all));
  }
  return all;
}

/// In turn, evenly over the time, until `over`.
Result<void> send_slowly(std::vector<SmtpStream>& streams, const std::atomic<bool>& over) {
  std::string part;
  for (unsigned i = 0; i < kPartLines; ++i) part += std::string(62, 'x') + "\r\n";
  auto next = Clock::now();
  while (!over) {
    for (SmtpStream& stream : streams) {
      if (auto sent = stream.write(part); !sent) return sent;
      next += Clock::duration(kPartEvery) / streams.size();
      std::this_thread::sleep_until(next);
    }
  }
  return {};
}

Result<void> run(const Crowd& crowd) {
  const auto context = client_context(crowd.ca_file);
  if (!context) return std::unexpected(context.error());
  SSL_CTX_set_mode(context->get(), SSL_MODE_RELEASE_BUFFERS);
  auto streams = gather(crowd, context->get());
  if (!streams) return std::unexpected(streams.error());
  std::atomic<bool> over = false;
  Result<void> done;
  std::jthread slow;
  if (crowd.is_slow) slow = std::jthread([&] { done = send_slowly(*streams, over); });
  std::cout << "open" << std::endl;
  std::string line;
  while (std::getline(std::cin, line)) {
  }
  over = true;
  if (slow.joinable()) slow.join();
  for (SmtpStream& stream : *streams)
    if (done && !crowd.is_slow) done = stream.say("NOOP\r\n", "250");
  return done;
}

}  // namespace
}  // namespace privyseal::bench

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  if (argc != 8) {
    std::cerr << "usage: smtp_crowd idle|slow PORT CA SERVER_NAME CONNECTIONS SENDER RECIPIENT\n";
    return 2;
  }
  const auto done = privyseal::bench::run({.is_slow = std::string_view(argv[1]) == "slow",
                                           .port = static_cast<std::uint16_t>(std::stoul(argv[2])),
                                           .ca_file = argv[3],
                                           .server_name = argv[4],
                                           .connections = static_cast<unsigned>(std::stoul(argv[5])),
                                           .sender = argv[6],
                                           .recipient = argv[7]});
  if (done) return 0;
  std::cerr << "smtp_crowd: " << done.error().message << '\n';
  return 1;
}
