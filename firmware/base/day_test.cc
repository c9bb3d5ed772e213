#include "firmware/base/day.h"

#include <gtest/gtest.h>

namespace privyseal {
namespace {

TEST(Day, IsOneOfTheCalendar) {
  EXPECT_EQ(parse_day("2026-03-01"), std::chrono::sys_days(std::chrono::year(2026) / 3 / 1));
  EXPECT_TRUE(parse_day("2028-02-29"));
  for (const char* text :
       {"", "2026-02-29", "2026-13-01", "2027-13-45", "2026-3-01", "26-03-01", "2026/03/01", "2026-03-01 ",
        "2026-03-0x", "-026-03-01", "+026-03-01", "2026-03- 1", "2026-03-00"})
    EXPECT_FALSE(parse_day(text)) << text;
}

}  // namespace
}  // namespace privyseal
