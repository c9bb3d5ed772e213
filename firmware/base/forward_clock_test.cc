#include "firmware/base/forward_clock.h"

#include <gtest/gtest.h>

namespace privyseal {
namespace {

using namespace std::chrono_literals;

constexpr WallTime kNine{std::chrono::sys_days{std::chrono::March / 1 / 2026} + 9h};

class SetClock final : public Clock {
 public:
  [[nodiscard]] WallTime now() const override { return now_; }
  [[nodiscard]] BootTime boot_time() const override { return {.boot = "b", .since = since_}; }
  void set(WallTime now) { now_ = now; }
  void stay_on(std::chrono::seconds longer) { since_ += longer; }

 private:
  std::chrono::seconds since_{7};
  WallTime now_ = kNine;
};

TEST(ForwardClock, GoesWithTheOtherAndNeverBack) {
  SetClock other;
  const ForwardClock clock(other, {});
  EXPECT_EQ(clock.now(), kNine);
  other.set(kNine + 1ms);
  EXPECT_EQ(clock.now(), kNine + 1ms);
  other.set(kNine - 24h);
  EXPECT_EQ(clock.now(), kNine + 1ms);
  other.set(kNine + 2ms);
  EXPECT_EQ(clock.now(), kNine + 2ms);
  EXPECT_EQ(clock.boot_time().since, 7s);
}

TEST(ForwardClock, GoesOnWhileNobodyAsks) {
  SetClock other;
  const ForwardClock clock(other, {});
  other.stay_on(120h);
  other.set(kNine - 24h);
  EXPECT_EQ(clock.now(), kNine + 120h - 1s);
  const ForwardClock later(other, kNine);
  EXPECT_EQ(later.now(), kNine);
  other.stay_on(1h);
  EXPECT_EQ(later.now(), kNine + 1h - 1s);
}

TEST(ForwardClock, IsNeverAheadBecauseTheMachineCountsWholeSeconds) {
  SetClock other;
  const ForwardClock clock(other, {});
  other.stay_on(1s);  // of which perhaps some milliseconds have passed
  other.set(kNine + 5ms);
  EXPECT_EQ(clock.now(), kNine + 5ms);
}

TEST(ForwardClock, BeginsNoEarlierThanItIsTold) {
  SetClock other;
  const ForwardClock clock(other, kNine + 1h);
  EXPECT_EQ(clock.now(), kNine + 1h);
  other.set(kNine + 2h);
  EXPECT_EQ(clock.now(), kNine + 2h);
}

}  // namespace
}  // namespace privyseal
