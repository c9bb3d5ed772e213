#include "firmware/base/clock.h"

#include <gtest/gtest.h>

namespace privyseal {
namespace {

TEST(Clock, WritesTimesAsTheStandardsWantThem) {
  const WallTime time{std::chrono::milliseconds{1772355662345}};
  EXPECT_EQ(to_rfc3339(time), "2026-03-01T09:01:02.345Z");
  EXPECT_EQ(to_rfc5322(time), "Sun, 01 Mar 2026 09:01:02 +0000");
}

}  // namespace
}  // namespace privyseal
