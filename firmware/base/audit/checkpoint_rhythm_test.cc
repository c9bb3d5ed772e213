#include "firmware/base/audit/checkpoint_rhythm.h"

#include <gtest/gtest.h>

namespace privyseal::audit {
namespace {

using std::chrono::seconds;

class Rhythm : public testing::Test {
 protected:
  /// One look, `after` the one before.
  bool looks(std::uint64_t size, seconds after = CheckpointRhythm::kLookEvery) {
    now_ += after;
    const bool due = rhythm_.is_due(size, now_);
    if (due) rhythm_.signed_now(size, now_);
    return due;
  }

  CheckpointRhythm::Time now_{std::chrono::hours(1)};
  CheckpointRhythm rhythm_;
};

TEST_F(Rhythm, AnEmptyLogNeedsNoSignature) {
  EXPECT_FALSE(looks(0));
  EXPECT_FALSE(looks(0, seconds(600)));
}

TEST_F(Rhythm, WhatIsThereAtStartIsSignedAtOnce) { EXPECT_TRUE(looks(7)); }

TEST_F(Rhythm, ALogThatCameToRestIsSignedAtTheNextLookAndThenNoMore) {
  EXPECT_TRUE(looks(7));
  EXPECT_FALSE(looks(9));
  EXPECT_TRUE(looks(9));
  EXPECT_FALSE(looks(9));
  EXPECT_FALSE(looks(9, seconds(600)));
}

TEST_F(Rhythm, ALogThatGrowsAllTheTimeIsSignedEachMinute) {
  EXPECT_TRUE(looks(1));
  int signatures = 0;
  for (std::uint64_t size = 2; size <= 121; ++size) signatures += looks(size) ? 1 : 0;  // ten minutes
  EXPECT_EQ(signatures, 10);
}

TEST_F(Rhythm, WhatCouldNotBeSignedStaysDue) {
  EXPECT_TRUE(rhythm_.is_due(3, now_));
  EXPECT_TRUE(rhythm_.is_due(3, now_ + CheckpointRhythm::kLookEvery));
}

}  // namespace
}  // namespace privyseal::audit
