#include "hsm/keyd/rate_limit.h"

#include <gtest/gtest.h>

namespace privyseal::keyd {
namespace {

using namespace std::chrono_literals;

constexpr RateLimit::Time kStart{};

int taken_at_once(RateLimit& limit, RateLimit::Time now) {
  int taken = 0;
  while (taken < 1000 && limit.take(now)) ++taken;
  return taken;
}

TEST(RateLimit, LetsABurstPassAndThenItsRate) {
  RateLimit limit(10, kStart);
  EXPECT_EQ(taken_at_once(limit, kStart), 20);
  EXPECT_FALSE(limit.take(kStart + 50ms));
  EXPECT_TRUE(limit.take(kStart + 100ms));
  EXPECT_FALSE(limit.take(kStart + 100ms));
  EXPECT_EQ(taken_at_once(limit, kStart + 1100ms), 10);
}

TEST(RateLimit, DoesNotSaveMoreThanItsBurst) {
  RateLimit limit(10, kStart);
  EXPECT_EQ(taken_at_once(limit, kStart + 1h), 20);
}

TEST(RateLimit, ATimeBeforeTheLastOneGivesNothing) {
  RateLimit limit(10, kStart + 10s);
  EXPECT_EQ(taken_at_once(limit, kStart + 10s), 20);
  EXPECT_FALSE(limit.take(kStart));
  EXPECT_FALSE(limit.take(kStart + 10s));
}

}  // namespace
}  // namespace privyseal::keyd
