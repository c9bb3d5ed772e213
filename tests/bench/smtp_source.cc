// The load of the SMTP benches: a mail server with a fixed number of open connections, each of
// which sends one message after the other. Without CA and SERVER_NAME ("") they stay in clear.
//
//   smtp_source PORT CA SERVER_NAME CONNECTIONS MESSAGES SIZE_BYTES SENDER RECIPIENT
//
// Connections and handshakes come first and are not part of the measure. It prints
// "began NANOSECONDS" (CLOCK_MONOTONIC) with the first MAIL, "took P50 P99" with the microseconds from a
// message's MAIL to its last reply, and ends 0 when every message got its 250.
#include <algorithm>
#include <atomic>
#include <charconv>
#include <chrono>
#include <csignal>
#include <iostream>
#include <latch>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "tests/bench/smtp_stream.h"

namespace privyseal::bench {
namespace {

struct Load {
  std::uint16_t port;
  std::string ca_file;
  std::string server_name;
  unsigned connections;
  unsigned messages;
  unsigned size_bytes;
  std::string sender;
  std::string recipient;
};

Result<unsigned> number(std::string_view text) {
  unsigned value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) {
    return fail(ErrorCode::kInvalid, "not a number: " + std::string(text));
  }
  return value;
}

Result<Load> read_arguments(std::span<char*> arguments) {
  if (arguments.size() != 8) return fail(ErrorCode::kInvalid, "eight arguments are needed");
  const auto port = number(arguments[0]);
  const auto connections = number(arguments[3]);
  const auto messages = number(arguments[4]);
  const auto size_bytes = number(arguments[5]);
  for (const auto* value : {&port, &connections, &messages, &size_bytes}) {
    if (!*value) return std::unexpected(value->error());
  }
  return Load{static_cast<std::uint16_t>(*port),
              arguments[1],
              arguments[2],
              *connections,
              *messages,
              *size_bytes,
              arguments[6],
              arguments[7]};
}

/// Header, then lines of 76 letters, then the final dot: `size_bytes` in all.
std::string message_of(const Load& load) {
  std::string message = "From: <" + load.sender + ">\r\nTo: <" + load.recipient +
                        ">\r\nSubject: load\r\nDate: Thu, 01 Jan 2026 00:00:00 +0000\r\n"
                        "Message-ID: <load@lawfirm.example>\r\n\r\n";
  while (message.size() + 2 < load.size_bytes) {
    const std::size_t letters = std::min<std::size_t>(76, load.size_bytes - message.size() - 2);
    message += std::string(letters, 'x') + "\r\n";
  }
  return message + ".\r\n";
}

Result<void> send_one(SmtpStream& stream, const Load& load, std::string_view message) {
  // One group, as RFC 2920 allows and as Postfix's own client sends it.
  Result<void> done =
      stream.write("MAIL FROM:<" + load.sender + ">\r\nRCPT TO:<" + load.recipient + ">\r\nDATA\r\n");
  if (done) done = stream.expect("250");
  if (done) done = stream.expect("250");
  if (done) done = stream.expect("354");
  if (done) done = stream.say(message, "250");
  return done;
}

using Clock = std::chrono::steady_clock;
using Times = std::vector<Clock::duration>;

/// One connection's share of the messages; `times` gets how long each took.
Result<void> send_share(SmtpStream& stream, const Load& load, std::string_view message,
                        std::atomic<unsigned>& taken, Times& times) {
  while (taken++ < load.messages) {
    const auto begun = Clock::now();
    if (auto sent = send_one(stream, load, message); !sent) return sent;
    times.push_back(Clock::now() - begun);
  }
  return stream.say("QUIT\r\n", "221");
}

void print_percentiles(const std::vector<Times>& shares) {
  Times all;
  for (const Times& share : shares) all.insert(all.end(), share.begin(), share.end());
  std::ranges::sort(all);
  const auto at = [&](std::size_t percent) {
    return std::chrono::duration_cast<std::chrono::microseconds>(all.at((all.size() - 1) * percent / 100));
  };
  std::cout << "took " << at(50).count() << ' ' << at(99).count() << std::endl;
}

Result<void> run(const Load& load) {
  Result<SslContext> context;
  if (!load.ca_file.empty()) context = client_context(load.ca_file);
  if (!context) return std::unexpected(context.error());
  std::vector<SmtpStream> streams;
  for (unsigned i = 0; i < load.connections; ++i) {
    auto stream = open_client(load.port, context->get(), load.server_name);
    if (!stream) return std::unexpected(stream.error());
    streams.push_back(std::move(*stream));
  }
  const std::string message = message_of(load);
  std::atomic<unsigned> taken = 0;
  std::latch start(1);
  std::vector<Result<void>> results(streams.size());
  std::vector<Times> times(streams.size());
  std::vector<std::jthread> threads;
  for (std::size_t i = 0; i < streams.size(); ++i) {
    threads.emplace_back([&, i] {
      start.wait();
      results[i] = send_share(streams[i], load, message, taken, times[i]);
    });
  }
  const auto now = Clock::now().time_since_epoch();
  std::cout << "began " << std::chrono::nanoseconds(now).count() << std::endl;
  start.count_down();
  threads.clear();  // joins
  for (const auto& result : results) {
    if (!result) return result;
  }
  print_percentiles(times);
  return {};
}

}  // namespace
}  // namespace privyseal::bench

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  const auto load = privyseal::bench::read_arguments(std::span(argv + 1, static_cast<std::size_t>(argc - 1)));
  const auto done = load ? privyseal::bench::run(*load) : std::unexpected(load.error());
  if (done) return 0;
  std::cerr << "smtp_source: " << done.error().message << '\n';
  return 1;
}
