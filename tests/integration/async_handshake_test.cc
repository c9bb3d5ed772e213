/// One loop, one thread, many handshakes whose signatures take their time or never come.
///
/// Nothing here asserts how long a thing takes: what is asserted is what happened before what, and how often.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <chrono>
#include <fstream>
#include <functional>
#include <optional>
#include <thread>

#include "firmware/tls/job.h"
#include "firmware/tls/keys.h"
#include "firmware/tls/stream.h"
#include "tests/support/tls_lab.h"

namespace privyseal::test {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using tls::JobPool;
using tls::Keys;
using tls::Stream;

constexpr auto kLong = 30s;

using StreamRef = std::shared_ptr<Stream>;
struct Pair {
  StreamRef server;
  StreamRef client;
};

/// How the handshakes of one side ended; kConflict stands for success.
struct Ends {
  std::vector<ErrorCode> codes;
  [[nodiscard]] std::ptrdiff_t count(ErrorCode code) const { return std::ranges::count(codes, code); }
  [[nodiscard]] std::ptrdiff_t good() const { return count(ErrorCode::kConflict); }
};

net::awaitable<void> shake(StreamRef stream, TlsLab::ContextRef context, Stream::Duration within,
                           Ends* ends) {
  const auto facts = co_await stream->handshake(std::move(context), within);
  ends->codes.push_back(facts ? ErrorCode::kConflict : facts.error().code);
  if (!facts) stream->cut();
}

net::awaitable<void> ask(TlsLab::ContextRef context, std::vector<Keys>* answers) {
  answers->push_back(co_await tls::ask_keys(std::move(context)));
}

/// Sends a byte to and fro until `done`; counts the rounds that were made while `counts`.
net::awaitable<void> echo(StreamRef stream) {
  std::array<std::byte, 1> byte{};
  while (co_await stream->read_some(byte, kLong))
    if (!co_await stream->write(byte, kLong)) co_return;
}
net::awaitable<void> play(StreamRef stream, std::function<bool()> counts, std::function<bool()> done,
                          int* rounds) {
  std::array<std::byte, 1> byte{};
  while (!done()) {
    if (!co_await stream->write(byte, kLong)) break;
    if (!co_await stream->read_some(byte, kLong)) break;
    if (counts()) ++*rounds;
  }
  stream->cut();
}

class AsyncHandshake : public testing::Test {
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
  /// Runs the loop until so many handshakes have ended, on both sides together.
  int run_until_ended(std::size_t count) {
    const int turns = run([&] { return servers_.codes.size() + clients_.codes.size() == count; });
    EXPECT_EQ(servers_.codes.size() + clients_.codes.size(), count);
    return turns;
  }
  /// Runs the loop until there is nothing left to do, or `until` says so; gives the number of its turns.
  int run(const std::function<bool()>& until = [] { return false; }) {
    int turns = 0;
    loop_->restart();
    while (!until() && loop_->run_one_for(kLong) == 1) ++turns;
    return turns;
  }
  void run_until_paused(std::size_t count) {
    run([&] { return pool_->paused() == count; });
    ASSERT_EQ(pool_->paused(), count);
  }
  void TearDown() override {
    if (!pool_) return;
    EXPECT_EQ(pool_->paused() + pool_->queued(), 0U);
  }

  static std::unique_ptr<TlsLab> lab_;
  Ends servers_;
  Ends clients_;
  std::optional<JobPool> pool_{std::in_place};
  std::unique_ptr<net::io_context> loop_ = std::make_unique<net::io_context>(1);
  std::optional<net::tcp::acceptor> acceptor_{std::in_place, *loop_,
                                              net::tcp::endpoint(asio::ip::address_v4::loopback(), 0)};
};
std::unique_ptr<TlsLab> AsyncHandshake::lab_;

TEST_F(AsyncHandshake, SixtyFourSignaturesAreUnderWayAtOnceOnBothSides) {
  // A loop that waited for one signature would never ask for the sixty-fourth.
  lab_->keyd(lab_->signs_when_asked_by(64));
  const auto pairs = start_many(64, lab_->server, lab_->client);
  run_until_ended(128);
  EXPECT_EQ(servers_.good(), 64);
  EXPECT_EQ(clients_.good(), 64);
  EXPECT_EQ(lab_->asked(), 128U);
  EXPECT_EQ(lab_->open_questions(), 0U);
}

TEST_F(AsyncHandshake, WhatWasSaidBeforeAndAfterAPauseIsOneSession) {
  lab_->keyd(lab_->signs_after(5ms));
  const Pair pair = connect();
  start(pair, lab_->server, lab_->client);
  run_until_ended(2);
  ASSERT_EQ(servers_.good() + clients_.good(), 2);
  int rounds = 0;
  spawn(echo(pair.server));
  spawn(play(pair.client, [] { return true; }, [&] { return rounds == 100; }, &rounds));
  run([&] { return rounds == 100; });
  EXPECT_EQ(rounds, 100);
}

struct Role {
  const char* name;
  TlsLab::ContextRef TlsLab::* server;
  TlsLab::ContextRef TlsLab::* client;
};
class EachRole : public AsyncHandshake, public testing::WithParamInterface<Role> {};

TEST_P(EachRole, OthersGoOnWhileKeydIsHungAndTheHandshakesEndAtTheirDeadline) {
  lab_->keyd(lab_->never_signs());
  const Pair other = connect();
  start(other, lab_->software_lone_server, lab_->nameless_client);
  run_until_ended(2);
  const auto pairs = start_many(16, (*lab_).*GetParam().server, (*lab_).*GetParam().client, 1500ms);
  int rounds = 0;
  spawn(echo(other.server));
  spawn(play(
      other.client, [&] { return pool_->paused() > 0; },
      [&] { return servers_.codes.size() + clients_.codes.size() == 34; }, &rounds));
  run_until_ended(34);
  EXPECT_GE(rounds, 16) << "the other connection stood still";
  EXPECT_GE(servers_.count(ErrorCode::kTimeout) + clients_.count(ErrorCode::kTimeout), 16);
  EXPECT_EQ(servers_.good() + clients_.good(), 1 + 1);
  lab_->keyd(lab_->signs_after(0ms));
  const auto again = start_many(4, lab_->server, lab_->client);
  run_until_ended(42);
  EXPECT_EQ(servers_.good() + clients_.good(), 2 + 8);
}

TEST_P(EachRole, AKeydThatIsRestartedMeanwhileIsNotNoticed) {
  lab_->keyd(lab_->never_signs());
  const auto pairs = start_many(32, (*lab_).*GetParam().server, (*lab_).*GetParam().client);
  run_until_paused(32);
  lab_->keyd(lab_->signs_after(5ms));
  run_until_ended(64);
  EXPECT_EQ(servers_.good() + clients_.good(), 64);
}

INSTANTIATE_TEST_SUITE_P(, EachRole,
                         testing::Values(Role{"Server", &TlsLab::server, &TlsLab::software_client},
                                         Role{"Client", &TlsLab::software_server, &TlsLab::client}),
                         [](const auto& c) { return std::string(c.param.name); });

struct Misbehaviour {
  const char* name;
  std::function<FakeKeyd::Reply(const hsm::Request&, const hsm::Answer& right)> reply;
  bool handshakes_succeed;
};
class EachMisbehaviour : public AsyncHandshake, public testing::WithParamInterface<Misbehaviour> {};

TEST_P(EachMisbehaviour, EndsInAHandshakeOrInAFailureAndLeavesNothingBehind) {
  lab_->keyd([&](const hsm::Request& request) { return GetParam().reply(request, lab_->answer(request)); });
  const auto pairs = start_many(8, lab_->lone_server, lab_->nameless_client);
  run_until_ended(16);
  EXPECT_EQ(servers_.good(), GetParam().handshakes_succeed ? 8 : 0);
  EXPECT_EQ(servers_.codes.size(), 8U);
  EXPECT_EQ(lab_->open_questions(), 0U);
}

INSTANTIATE_TEST_SUITE_P(
    , EachMisbehaviour,
    testing::Values(Misbehaviour{"Garbage", [](auto&, auto&) { return copy_of(bytes_of("garbage")); }, false},
                    Misbehaviour{"HangsUp", [](auto&, auto&) { return FakeKeyd::HangUp{}; }, false},
                    Misbehaviour{"WrongId",
                                 [](auto& request, auto& right) {
                                   return hsm::Answer{.id = request.id + 77, .body = right.body};
                                 },
                                 false},
                    Misbehaviour{"WrongKind",
                                 [](auto& request, auto&) {
                                   return hsm::Answer{.id = request.id, .body = hsm::DoneAnswer{}};
                                 },
                                 false},
                    Misbehaviour{"Refuses",
                                 [](auto& request, auto&) {
                                   return hsm::Answer{.id = request.id,
                                                      .body = hsm::ErrorAnswer{ErrorCode::kDenied, "no"}};
                                 },
                                 false},
                    Misbehaviour{"LongSignature",
                                 [](auto& request, auto&) {
                                   return hsm::Answer{.id = request.id,
                                                      .body = hsm::SignatureAnswer{Bytes(5000)}};
                                 },
                                 false},
                    Misbehaviour{"AnswersTwice",
                                 [](auto&, auto& right) {
                                   return FakeKeyd::Later{.messages = {to_bytes(right), to_bytes(right)}};
                                 },
                                 true}),
    [](const auto& c) { return std::string(c.param.name); });

TEST_F(AsyncHandshake, NoMoreWaitThanTheLimitsSayAndTheQueueDoesNotSpin) {
  pool_.reset();
  pool_.emplace(JobPool::Limits{.jobs = 4, .queue = 4});
  lab_->keyd(lab_->never_signs());
  const auto pairs = start_many(12, lab_->lone_server, lab_->nameless_client);
  run([&] { return pool_->paused() == 4 && pool_->queued() == 4 && servers_.codes.size() == 4; });
  EXPECT_EQ(servers_.count(ErrorCode::kUnavailable), 4);
  lab_->keyd(lab_->signs_after(100ms));
  EXPECT_LT(run_until_ended(24), 1000) << "turns of the loop; one that tries again and again makes many more";
  EXPECT_EQ(servers_.good(), 8);
  EXPECT_EQ(servers_.codes.size(), 12U);
}

TEST_F(AsyncHandshake, WhoeverWaitsForATurnTooLongGivesUp) {
  pool_.reset();
  pool_.emplace(JobPool::Limits{.jobs = 1, .queue = 8});
  lab_->keyd(lab_->never_signs());
  const auto pairs = start_many(6, lab_->lone_server, lab_->nameless_client, 300ms);
  run_until_ended(12);
  EXPECT_EQ(servers_.good(), 0);
  EXPECT_EQ(servers_.codes.size(), 6U);
  EXPECT_LE(lab_->asked(), 6U);
}

TEST_F(AsyncHandshake, ReadinessIsAskedWithoutMakingTheLoopWait) {
  std::vector<Keys> answers;
  lab_->keyd(lab_->signs_when_asked_by(1));
  spawn(ask(lab_->server, &answers));
  run();
  EXPECT_THAT(answers, testing::ElementsAre(Keys::kReady));
  // Sixteen at once get their answer only if none of them stops the loop.
  lab_->keyd([held = std::make_shared<std::vector<Bytes>>()](const hsm::Request& request) -> FakeKeyd::Reply {
    held->push_back(to_bytes(answer_to(request, hsm::HealthAnswer{true})));
    if (held->size() < 16) return FakeKeyd::Silence{};
    return FakeKeyd::Later{.messages = std::move(*held)};
  });
  for (int i = 0; i < 16; ++i) spawn(ask(lab_->server, &answers));
  run();
  EXPECT_EQ(std::ranges::count(answers, Keys::kReady), 17);
  lab_->no_keyd();
  spawn(ask(lab_->server, &answers));
  run();
  EXPECT_EQ(answers.back(), Keys::kAway);
}

TEST_F(AsyncHandshake, WithAllPlacesTakenTheKeysAreBusy) {
  pool_.reset();
  pool_.emplace(JobPool::Limits{.jobs = 2, .queue = 8});
  lab_->keyd(lab_->never_signs());
  const auto pairs = start_many(2, lab_->lone_server, lab_->nameless_client);
  run_until_paused(2);
  std::vector<Keys> answers;
  spawn(ask(lab_->lone_server, &answers));
  run([&] { return !answers.empty(); });
  EXPECT_THAT(answers, testing::ElementsAre(Keys::kBusy));
  lab_->keyd(lab_->signs_after(0ms));
  run_until_ended(4);
  EXPECT_EQ(servers_.good(), 2);
}

TEST_F(AsyncHandshake, ALoopThatEndsLeavesNoSignatureBehind) {
  lab_->keyd(lab_->never_signs());
  auto pairs = start_many(8, lab_->server, lab_->client);
  run_until_paused(8);
  pool_.reset();  // as at the end of a loop's thread; streams and coroutines are still there
  EXPECT_EQ(JobPool::of_this_thread(), nullptr);
  pairs.clear();
  acceptor_.reset();
  loop_.reset();
  lab_->keyd(lab_->signs_after(0ms));
}

TEST_F(AsyncHandshake, CoroutinesMayBeDestroyedWhileTheirSignatureIsPending) {
  lab_->keyd(lab_->never_signs());
  auto pairs = start_many(8, lab_->server, lab_->client);
  run_until_paused(8);
  pairs.clear();
  acceptor_.reset();
  loop_.reset();
  EXPECT_EQ(pool_->paused(), 0U);
  lab_->keyd(lab_->signs_after(0ms));
}

std::size_t resident_bytes() {
  std::size_t pages = 0;
  std::ifstream("/proc/self/statm") >> pages >> pages;
  return pages * 4096;
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kMemoryIsOurs = false;  // a sanitizer keeps freed memory; its leak check is the judge instead
constexpr int kWaves = 24;
#else
constexpr bool kMemoryIsOurs = true;
constexpr int kWaves = 320;
#endif

/// Four ways to die while the signature is pending, in turn: the stream is cut, the peer vanishes, the
/// deadline passes, the stream is destroyed.
TEST_F(AsyncHandshake, AStormOfHandshakesThatDieWhileTheirSignatureIsPendingLeavesNothing) {
  constexpr int kInAWave = 128;
  std::size_t before = 0;
  for (int wave = 0; wave < kWaves; ++wave) {
    lab_->keyd(lab_->never_signs());
    auto pairs =
        start_many(kInAWave, lab_->lone_server, lab_->nameless_client, wave % 4 == 2 ? 500ms : 30'000ms);
    run([&] { return pool_->paused() == kInAWave || wave % 4 == 2; });
    ASSERT_TRUE(wave % 4 == 2 || pool_->paused() == kInAWave);
    for (auto& [server, client] : pairs) {
      if (wave % 4 == 0) server->cut();
      if (wave % 4 == 1) client->cut();
      if (wave % 4 == 3) *server = Stream(net::tcp::socket(*loop_));
      if (wave % 4 == 3) client->cut();
    }
    if (wave % 4 == 1) lab_->keyd(lab_->signs_after(0ms));
    run_until_ended(static_cast<std::size_t>(2 * kInAWave * (wave + 1)));
    ASSERT_EQ(pool_->paused(), 0U);
    lab_->no_keyd();
    if (wave == kWaves / 8) before = resident_bytes();
  }
  EXPECT_EQ(servers_.codes.size(), static_cast<std::size_t>(kWaves * kInAWave));
  EXPECT_LE(servers_.good(), kWaves * kInAWave / 4) << "of those whose peer vanished";
  const auto until = std::chrono::steady_clock::now() + 10s;
  while (lab_->open_questions() > 0 && std::chrono::steady_clock::now() < until)
    std::this_thread::sleep_for(5ms);
  EXPECT_EQ(lab_->open_questions(), 0U);
  EXPECT_TRUE(!kMemoryIsOurs || resident_bytes() < before + 1024 * 1024);
}

}  // namespace
}  // namespace privyseal::test
