#include "firmware/base/number.h"

#include <gtest/gtest.h>

namespace privyseal {
namespace {

TEST(Number, IsOfDigitsAlone) {
  EXPECT_EQ(parse_number("0"), 0);
  EXPECT_EQ(parse_number("007"), 7);
  EXPECT_EQ(parse_number("9223372036854775807"), INT64_MAX);
  for (const char* text :
       {"", "-", "-1", "-0", "+1", " 1", "1 ", "1.0", "0x1", "1e3", "one", "9223372036854775808"})
    EXPECT_FALSE(parse_number(text)) << text;
}

}  // namespace
}  // namespace privyseal
