/// What the tests of handshakes that wait share: one loop, one thread, both ends of every connection on it.
///
/// Threads: the test's own runs the loop; keyd, which is a fake, has its own.
#pragma once

#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <chrono>
#include <fstream>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "firmware/tls/job.h"
#include "firmware/tls/stream.h"
#include "tests/support/tls_lab.h"

namespace privyseal::test {

namespace asio = boost::asio;
using tls::JobPool;
using tls::Stream;

inline constexpr std::chrono::seconds kLong{30};

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool kMemoryIsOurs = false;  // a sanitizer keeps freed memory; its leak check is the judge
#else
inline constexpr bool kMemoryIsOurs = true;
#endif

/// Pages of this process that are in memory, proc(5).
inline std::size_t resident_bytes() {
  std::size_t pages = 0;
  std::ifstream("/proc/self/statm") >> pages >> pages;
  return pages * 4096;
}

using StreamRef = std::shared_ptr<Stream>;
struct Pair {
  StreamRef server;
  StreamRef client;
};

/// How the handshakes of one side ended. Counts only: a hundred thousand of them take no memory.
struct Ends {
  int good = 0;
  std::map<ErrorCode, int> bad{};

  void add(const Result<tls::SessionFacts>& facts) {
    if (facts)
      ++good;
    else
      ++bad[facts.error().code];
  }
  [[nodiscard]] int count(ErrorCode code) const {
    const auto found = bad.find(code);
    return found == bad.end() ? 0 : found->second;
  }
  [[nodiscard]] int all() const {
    int sum = good;
    for (const auto& [code, times] : bad) sum += times;
    return sum;
  }
};

inline net::awaitable<void> shake(StreamRef stream, TlsLab::ContextRef context, Stream::Duration within,
                                  Ends* ends) {
  const auto facts = co_await stream->handshake(std::move(context), within);
  ends->add(facts);
  if (!facts) stream->cut();
}

/// Sends back each byte that comes.
inline net::awaitable<void> echo(StreamRef stream) {
  std::array<std::byte, 1> byte{};
  while (co_await stream->read_some(byte, kLong))
    if (!co_await stream->write(byte, kLong)) co_return;
}

class HandshakeTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    ::signal(SIGPIPE, SIG_IGN);  // as the gateway does: libssl writes to sockets whose peer is gone
    lab_ = std::make_unique<TlsLab>();
  }
  static void TearDownTestSuite() { lab_.reset(); }

  Pair connect() {
    net::tcp::socket near(*loop_);
    near.connect(acceptor_->local_endpoint());
    return {.server = std::make_shared<Stream>(acceptor_->accept()),
            .client = std::make_shared<Stream>(std::move(near))};
  }
  void spawn(net::awaitable<void> task) { asio::co_spawn(*loop_, std::move(task), asio::detached); }
  void start(const Pair& pair, const TlsLab::ContextRef& server, const TlsLab::ContextRef& client,
             Stream::Duration within = kLong) {
    spawn(shake(pair.server, server, within, &servers_));
    spawn(shake(pair.client, client, within, &clients_));
  }
  std::vector<Pair> start_many(int count, const TlsLab::ContextRef& server, const TlsLab::ContextRef& client,
                               Stream::Duration within = kLong) {
    std::vector<Pair> pairs;
    for (int i = 0; i < count; ++i) start(pairs.emplace_back(connect()), server, client, within);
    return pairs;
  }
  /// A connection that needs no key of keyd's, its handshake done.
  Pair software_connection() {
    Pair pair = connect();
    const int ended = servers_.all() + clients_.all();
    start(pair, lab_->software_lone_server, lab_->nameless_client);
    run_until_ended(ended + 2);
    return pair;
  }
  /// Runs the loop until so many handshakes have ended, on both sides together; gives the number of turns.
  int run_until_ended(int count) {
    const int turns = run([&] { return servers_.all() + clients_.all() == count; });
    EXPECT_EQ(servers_.all() + clients_.all(), count);
    return turns;
  }
  /// Runs the loop until there is nothing left to do, or `until` says so; gives the number of its turns.
  int run(const std::function<bool()>& until = [] { return false; }) {
    int turns = 0;
    loop_->restart();
    while (!until() && loop_->run_one_for(kLong) == 1) ++turns;
    return turns;
  }
  void limit(JobPool::Limits limits) {
    pool_.reset();  // a thread has one
    pool_ = std::make_unique<JobPool>(limits);
  }
  void run_until_paused(std::size_t count) {
    run([&] { return pool_->paused() == count; });
    ASSERT_EQ(pool_->paused(), count);
  }
  void TearDown() override {
    lab_->no_keyd();  // what its thread knows of the test ends with the test
    if (!pool_) return;
    EXPECT_EQ(pool_->paused() + pool_->queued(), 0U);
  }

  static inline std::unique_ptr<TlsLab> lab_;
  Ends servers_;
  Ends clients_;
  std::unique_ptr<JobPool> pool_ =
      std::make_unique<JobPool>();  // by itself, so that a sanitizer sees its end
  std::unique_ptr<net::io_context> loop_ = std::make_unique<net::io_context>(1);
  std::optional<net::tcp::acceptor> acceptor_{std::in_place, *loop_,
                                              net::tcp::endpoint(asio::ip::address_v4::loopback(), 0)};
};

}  // namespace privyseal::test
