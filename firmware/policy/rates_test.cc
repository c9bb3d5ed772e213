#include "firmware/policy/rates.h"

#include <gtest/gtest.h>

namespace privyseal::policy {
namespace {

using namespace std::chrono_literals;

const WallTime kStart = WallTime(std::chrono::sys_days(std::chrono::year(2026) / 3 / 1));
const std::vector<RateCap> kCaps{{"sender/a", 200}, {"organisation", 300}};

/// T25: the 201st message in an hour is turned away, and a person can release the sender.
TEST(Clause25, TheMailAboveTheCapIsTurnedAwayUntilRelease) {
  Rates rates;
  for (int i = 0; i < 200; ++i) ASSERT_EQ(rates.admit(kCaps, kStart + i * 1s), -1);
  EXPECT_EQ(rates.admit(kCaps, kStart + 10min), 0);
  EXPECT_EQ(rates.reached(kCaps, kStart + 10min), 0);
  ASSERT_EQ(rates.stopped(kStart + 10min).size(), 1U);
  EXPECT_EQ(rates.stopped(kStart + 10min)[0].key, "sender/a");
  EXPECT_TRUE(rates.release("sender/a"));
  EXPECT_FALSE(rates.release("sender/a"));
  EXPECT_TRUE(rates.stopped(kStart + 10min).empty());
  EXPECT_EQ(rates.admit(kCaps, kStart + 10min), -1);
}

TEST(Clause25, WindowSlides) {
  Rates rates;
  for (int i = 0; i < 200; ++i) ASSERT_EQ(rates.admit(kCaps, kStart + i * 1s), -1);
  EXPECT_EQ(rates.admit(kCaps, kStart + 1h - 1ms), 0);
  EXPECT_EQ(rates.admit(kCaps, kStart + 1h), -1);
  EXPECT_EQ(rates.admit(kCaps, kStart + 1h), 0);
  EXPECT_EQ(rates.admit(kCaps, kStart + 1h + 1s), -1);
}

TEST(Clause25, OrganisationHasACapOfItsOwn) {
  Rates rates;
  for (int i = 0; i < 300; ++i)
    ASSERT_EQ(rates.admit({{"sender/" + std::to_string(i), 200}, {"organisation", 300}}, kStart), -1);
  EXPECT_EQ(rates.admit({{"sender/new", 200}, {"organisation", 300}}, kStart), 1);
  EXPECT_TRUE(rates.stopped(kStart + 2h).empty());
}

/// What one cap turns away is not counted against the others.
TEST(Clause25, ARefusedMailCountsNowhere) {
  Rates rates;
  const std::vector<RateCap> caps{{"organisation", 2}, {"sender/a", 1}};
  EXPECT_EQ(rates.admit(caps, kStart), -1);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(rates.admit(caps, kStart), 1);
  EXPECT_EQ(rates.admit({{"organisation", 2}}, kStart), -1);
  EXPECT_EQ(rates.admit({{"organisation", 2}}, kStart), 0);
}

TEST(Clause25, ACapOfNothingLetsNothingPass) {
  Rates rates;
  EXPECT_EQ(rates.admit({{"permit/x", 0}}, kStart), 0);
}

TEST(Clause25, AClockSetBackMakesNoWindowLonger) {
  Rates rates;
  for (int i = 0; i < 200; ++i) ASSERT_EQ(rates.admit(kCaps, kStart + 24h), -1);
  EXPECT_EQ(rates.admit(kCaps, kStart), -1);
}

}  // namespace
}  // namespace privyseal::policy
