#include "firmware/smtp/utf8.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace privyseal::smtp {
namespace {

struct Case {
  const char* name;
  std::string text;
  bool is_utf8;
};

const std::vector<Case> kCases{
    {"Empty", "", true},
    {"Ascii", "plain\x7f\x01", true},
    {"TwoBytes", "gr\xc3\xbc\xc3\x9f", true},
    {"First", "\xc2\xa0", true},
    {"LastOfTwo", "\xdf\xbf", true},
    {"ThreeBytes", "\xe0\xa0\x80\xe2\x82\xac\xef\xbf\xbd", true},
    {"BeforeSurrogates", "\xed\x9f\xbf", true},
    {"BehindSurrogates", "\xee\x80\x80", true},
    {"FourBytes", "\xf0\x90\x80\x80\xf4\x8f\xbf\xbf", true},
    {"Latin1", "gr\xfc\xdf", false},
    {"ContinuationAlone", "\x80", false},
    {"ContinuationMissing", "\xc3", false},
    {"ContinuationIsAscii", "\xc3y", false},
    {"ThirdMissing", "\xe2\x82", false},
    {"ThirdIsAscii", "\xe2\x82x", false},
    {"FourthMissing", "\xf0\x90\x80", false},
    {"ControlCharacter", "\xc2\x80", false},
    {"NextLine", "\xc2\x85", false},
    {"LastControlCharacter", "\xc2\x9f", false},
    {"OverlongSlash", "\xc0\xaf", false},
    {"OverlongLf", "\xc0\x8a", false},
    {"OverlongThree", "\xe0\x80\x8a", false},
    {"OverlongFour", "\xf0\x80\x80\x8a", false},
    {"Surrogate", "\xed\xa0\x80", false},
    {"LastSurrogate", "\xed\xbf\xbf", false},
    {"OverTheEnd", "\xf4\x90\x80\x80", false},
    {"FiveBytes", "\xf8\x88\x80\x80\x80", false},
    {"NoByte", "\xfe\xff", false},
    {"BadBehindGood", "\xc3\xbc\xff", false},
};

TEST(Utf8, IsOnlyTheShortestFormOfACharacter) {
  for (const Case& c : kCases) EXPECT_EQ(is_utf8(c.text), c.is_utf8) << c.name;
}

TEST(Utf8, AsciiIsBelow128) {
  EXPECT_TRUE(is_ascii(""));
  EXPECT_TRUE(is_ascii("a\x7f"));
  EXPECT_FALSE(is_ascii("a\x80"));
  EXPECT_FALSE(is_ascii("\xff"));
}

}  // namespace
}  // namespace privyseal::smtp
