#include "firmware/base/utc_time.h"

#include <gtest/gtest.h>

namespace privyseal {
namespace {

TEST(UtcTime, IsReadAndWrittenAlike) {
  using std::chrono::sys_days;
  const auto time = parse_utc_time("2028-02-29T23:59:07Z");
  ASSERT_TRUE(time);
  EXPECT_EQ(*time, WallTime(sys_days{std::chrono::February / 29 / 2028}) + std::chrono::hours(23) +
                       std::chrono::minutes(59) + std::chrono::seconds(7));
  EXPECT_EQ(utc_text(*time + std::chrono::milliseconds(999)), "2028-02-29T23:59:07Z");
}

TEST(UtcTime, HasOneSpelling) {
  for (const char* wrong : {"",
                            "2027-03-31",
                            "2027-03-31T12:00Z",
                            "2027-03-31T12:00:00",
                            "2027-03-31T12:00:00z",
                            "2027-03-31t12:00:00Z",
                            "2027-03-31 12:00:00Z",
                            "2027-03-31T12:00:00+00:00",
                            "2027-03-31T12:00:00.5Z",
                            "2027-02-29T12:00:00Z",
                            "2027-13-01T12:00:00Z",
                            "2027-03-31T24:00:00Z",
                            "2027-03-31T12:60:00Z",
                            "2027-03-31T12:00:60Z",
                            "2027-03-31T-1:00:00Z",
                            "2027-03-31T1a:00:00Z",
                            "2027-03-31T12:00:0 Z",
                            " 2027-03-31T12:00:00Z",
                            "2027-03-31T12:00:00Z ",
                            "2027-03-31T12-00:00Z",
                            "2027-03-31T12:00-00Z",
                            "tomorrow"})
    EXPECT_FALSE(parse_utc_time(wrong)) << wrong;
}

}  // namespace
}  // namespace privyseal
