#include "web-admin/server/challenge.h"

#include <gtest/gtest.h>

namespace privyseal::web {
namespace {

using namespace std::chrono_literals;

constexpr WallTime kNine{std::chrono::sys_days{std::chrono::March / 1 / 2026} + 9h};

class ChallengesTest : public testing::Test {
 protected:
  Bytes put(const std::string& visit, const std::string& source, WallTime now = kNine) {
    return challenges_.put(visit, source, {.ceremony = Ceremony::kGet}, now).bytes;
  }
  bool has(const std::string& visit, WallTime now = kNine) {
    return challenges_.take(visit, Ceremony::kGet, now).has_value();
  }

  Challenges challenges_;
};

TEST_F(ChallengesTest, AreGoodOnceAndForTheirCeremony) {
  const Bytes asked = put("alice", "192.0.2.1");
  EXPECT_EQ(challenges_.take("alice", Ceremony::kGet, kNine + 4min)->bytes, asked);
  EXPECT_FALSE(has("alice"));
  put("alice", "192.0.2.1");
  EXPECT_FALSE(challenges_.take("alice", Ceremony::kCreate, kNine));
  EXPECT_FALSE(has("alice")) << "used up by the wrong one";
}

TEST_F(ChallengesTest, AreGoodForFiveMinutes) {
  put("alice", "192.0.2.1");
  EXPECT_FALSE(has("alice", kNine + kChallengeLimit));
  put("alice", "192.0.2.1");
  EXPECT_FALSE(has("alice", kNine - 1s)) << "the clock was set back";
}

TEST_F(ChallengesTest, OfAVisitorAreOne) {
  const Bytes first = put("alice", "192.0.2.1");
  const Bytes second = put("alice", "192.0.2.1");
  EXPECT_NE(first, second);
  EXPECT_EQ(challenges_.take("alice", Ceremony::kGet, kNine)->bytes, second);
}

TEST_F(ChallengesTest, OfOneAddressTakeNobodyElsesPlace) {
  put("alice", "192.0.2.1");
  for (int i = 0; i < 2000; ++i) put("stranger " + std::to_string(i), "203.0.113.9", kNine + 1s);
  EXPECT_TRUE(has("alice"));
}

TEST_F(ChallengesTest, OfManyAddressesTakeThePlaceOfThoseThatHaveMost) {
  put("alice", "192.0.2.1");
  for (int i = 0; i < 2000; ++i)
    put("stranger " + std::to_string(i), "203.0.113." + std::to_string(i % 100), kNine + 1s);
  EXPECT_TRUE(has("alice"));
}

TEST_F(ChallengesTest, OfAnAddressThatHasTooManyLoseTheOldest) {
  for (std::size_t i = 0; i <= kMaxChallengesPerSource; ++i)
    put("visit " + std::to_string(i), "192.0.2.1", kNine + std::chrono::seconds(i));
  EXPECT_FALSE(has("visit 0", kNine + 1min));
  EXPECT_TRUE(has("visit 1", kNine + 1min));
}

}  // namespace
}  // namespace privyseal::web
