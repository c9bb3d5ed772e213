#include "firmware/gateway/forward_clock.h"

#include <gtest/gtest.h>

namespace privyseal::gateway {
namespace {

using namespace std::chrono_literals;

constexpr WallTime kNine{std::chrono::sys_days{std::chrono::March / 1 / 2026} + 9h};

class SetClock final : public Clock {
 public:
  [[nodiscard]] WallTime now() const override { return now_; }
  [[nodiscard]] BootTime boot_time() const override { return {.boot = "b", .since = 7s}; }
  void set(WallTime now) { now_ = now; }

 private:
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

TEST(ForwardClock, BeginsNoEarlierThanItIsTold) {
  SetClock other;
  const ForwardClock clock(other, kNine + 1h);
  EXPECT_EQ(clock.now(), kNine + 1h);
  other.set(kNine + 2h);
  EXPECT_EQ(clock.now(), kNine + 2h);
}

}  // namespace
}  // namespace privyseal::gateway
