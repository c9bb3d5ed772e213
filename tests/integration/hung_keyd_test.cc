/// A keyd that is there and does nothing, for a while: handshakes end at their deadline, no more than the
/// limits say wait for it, connections that need no key are served as before, and when keyd is well again so
/// are the handshakes.
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <condition_variable>
#include <mutex>
#include <ostream>

#include "tests/integration/handshake_fixture.h"

namespace privyseal::test {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

constexpr milliseconds kTick{10};
constexpr milliseconds kArrivals{60};
constexpr milliseconds kCalm{2000};
constexpr std::size_t kMostUnderWay = 4;
constexpr std::size_t kMostQueued = 4;
constexpr std::size_t kMostBytesEach = 256UL * 1024;  // both ends of a connection, and what lies about

/// keyd's state of health, changed by the test and looked at by the fake's thread.
class Health {
 public:
  enum class State : std::uint8_t { kWell, kMute, kDeaf };

  void set(State state) {
    {
      const std::lock_guard lock(mutex_);
      state_ = state;
    }
    changed_.notify_all();
  }
  /// Returns when keyd is not deaf; true: it is well. As long as it waits nothing is read.
  [[nodiscard]] bool hears_and_is_well() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return state_ != State::kDeaf; });
    return state_ == State::kWell;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  State state_ = State::kWell;
};

struct Hang {
  const char* name;
  Health::State state;
  milliseconds lasts;
  milliseconds within;  // of each handshake meanwhile; the provider itself waits 2 s and no longer
};
void PrintTo(const Hang& hang, std::ostream* out) { *out << hang.name; }

net::awaitable<void> sleep_until(Clock::time_point time) {
  asio::steady_timer timer(co_await asio::this_coro::executor, time);
  co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
}

class HungKeyd : public HandshakeTest, public testing::WithParamInterface<Hang> {
 protected:
  /// What happened while keyd was well, hung, and well again.
  struct Phase {
    std::vector<milliseconds> late{};  // at each tick: until a byte could go to and fro
    milliseconds longest{0};           // handshake
    Ends ends{};
    int under_way = 0;  // handshakes that began in it
    std::size_t most_waiting = 0;
    std::size_t most_resident = 0;

    [[nodiscard]] milliseconds p99() {
      std::ranges::sort(late);
      return late.at(late.size() * 99 / 100);
    }
  };

  HungKeyd() {
    limit({.jobs = kMostUnderWay, .queue = kMostQueued});
    lab_->keyd([this](const hsm::Request& request) -> FakeKeyd::Reply {
      if (!health_.hears_and_is_well()) return FakeKeyd::Silence{};
      return lab_->answer(request);
    });
  }
  ~HungKeyd() override {
    health_.set(Health::State::kWell);  // or the fake could not be ended
    lab_->no_keyd();
  }

  /// Sends a byte to and fro at every tick. A tick that passes while one is under way is late by what is left
  /// of that: a loop that stands still is late at many ticks and not only once.
  net::awaitable<void> play(StreamRef stream) {
    std::array<std::byte, 1> byte{};
    for (auto due = Clock::now(); !done_;) {
      co_await sleep_until(due);
      if (!co_await stream->write(byte, kLong) || !co_await stream->read_some(byte, kLong)) break;
      for (const auto now = Clock::now(); due < now; due += kTick)
        phase_->late.push_back(std::chrono::duration_cast<milliseconds>(now - due));
    }
    stream->cut();
    --tasks_;
  }

  net::awaitable<void> one_handshake(StreamRef stream, Phase* phase) {
    const auto begun = Clock::now();
    co_await shake(stream, lab_->lone_server, within_, &phase->ends);
    phase->longest = std::max(phase->longest, std::chrono::duration_cast<milliseconds>(Clock::now() - begun));
    --phase->under_way;
    --tasks_;
  }

  void begin_handshake() {
    const Pair pair = connect();
    ++phase_->under_way;
    start_task(one_handshake(pair.server, phase_));
    spawn(shake(pair.client, lab_->nameless_client, kLong, &clients_));
  }

  /// One handshake after the other, whatever becomes of those before.
  net::awaitable<void> arrive() {
    while (!done_) {
      co_await sleep_until(Clock::now() + kArrivals);
      begin_handshake();
      phase_->most_waiting = std::max(phase_->most_waiting, pool_->paused() + pool_->queued());
      phase_->most_resident = std::max(phase_->most_resident, resident_bytes());
    }
    --tasks_;
  }

  void start_task(net::awaitable<void> task) {
    ++tasks_;
    spawn(std::move(task));
  }

  void run_phase(Phase* phase, milliseconds lasts) {
    phase_ = phase;
    const auto until = Clock::now() + lasts;
    run([&] { return Clock::now() >= until; });
  }
  void finish() {
    done_ = true;
    run([&] { return tasks_ == 0; });
    EXPECT_EQ(tasks_, 0);
  }

  Health health_;
  Phase* phase_ = nullptr;
  Stream::Duration within_ = kLong;
  int tasks_ = 0;  // handshakes of servers, players and the source of connections, under way
  bool done_ = false;
};

TEST_P(HungKeyd, StopsNobodyElseAndIsOverWhenItIsOver) {
  const Hang& hang = GetParam();
  Phase before;
  Phase between;
  Phase during;
  Phase recovering;
  Phase after;
  const std::vector<Pair> players{software_connection(), software_connection(), software_connection()};
  phase_ = &before;
  for (const Pair& pair : players) {
    spawn(echo(pair.server));
    start_task(play(pair.client));
  }
  start_task(arrive());
  run_phase(&before, kCalm);
  phase_ = &between;  // what begins now may be met by the hang; what began before may not
  run([&] { return before.under_way == 0; });
  health_.set(hang.state);
  within_ = hang.within;
  phase_ = &during;
  for (std::size_t i = 0; i < 2 * (kMostUnderWay + kMostQueued); ++i) begin_handshake();
  run_phase(&during, hang.lasts);
  health_.set(Health::State::kWell);
  within_ = kLong;
  phase_ = &recovering;
  run([&] { return recovering.ends.good > 0 && pool_->paused() + pool_->queued() == 0; });
  run_phase(&after, kCalm);
  finish();

  for (const Phase* calm : {&before, &after}) {
    EXPECT_GT(calm->ends.good, 0);
    EXPECT_TRUE(calm->ends.bad.empty());
  }
  EXPECT_GT(during.ends.count(ErrorCode::kUnavailable), 0)
      << "nobody was turned away: the limits were not met";
  EXPECT_GT(during.ends.all() - during.ends.good, during.ends.count(ErrorCode::kUnavailable));
  EXPECT_LT(during.longest, hang.lasts) << "a handshake waited for keyd and not for its deadline";
  EXPECT_LE(during.most_waiting, kMostUnderWay + kMostQueued);
  EXPECT_LT(during.p99() - before.p99(), hang.lasts / 4) << "connections that need no key were held up";
  if (kMemoryIsOurs) {
    EXPECT_LT(during.most_resident, before.most_resident + kMostBytesEach * (kMostUnderWay + kMostQueued));
  }
  RecordProperty("p99_ms_before", static_cast<int>(before.p99().count()));
  RecordProperty("p99_ms_during", static_cast<int>(during.p99().count()));
}

INSTANTIATE_TEST_SUITE_P(, HungKeyd,
                         testing::Values(Hang{"Mute", Health::State::kMute, 5s, 1500ms},
                                         Hang{"Deaf", Health::State::kDeaf, 5s, 1500ms}),
                         [](const auto& c) { return std::string(c.param.name); });
// As long as an operator needs to notice, with the gateway's own deadline: the provider's is shorter.
INSTANTIATE_TEST_SUITE_P(DISABLED_HalfAMinute, HungKeyd,
                         testing::Values(Hang{"Mute", Health::State::kMute, 30s, 30s},
                                         Hang{"Deaf", Health::State::kDeaf, 30s, 30s}),
                         [](const auto& c) { return std::string(c.param.name); });

}  // namespace
}  // namespace privyseal::test
