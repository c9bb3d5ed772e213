#include "firmware/base/log.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace privyseal {
namespace {

struct Case {
  const char* name;
  std::string value;
  std::string line;
};

class LogValue : public testing::TestWithParam<Case> {};

TEST_P(LogValue, CannotForgeALine) {
  EXPECT_EQ(format_event(LogLevel::kWarning, "peer-said", {{"what", GetParam().value}}),
            "<4>peer-said what=" + GetParam().line);
}

INSTANTIATE_TEST_SUITE_P(, LogValue,
                         testing::ValuesIn(std::to_array<Case>({
                             {"PlainWord", "abc-1.2:3/[x]", "abc-1.2:3/[x]"},
                             {"Empty", "", "\"\""},
                             {"Blank", "a b", "\"a b\""},
                             {"NewLine", "a\n<2>forged", "\"a\\x0a<2>forged\""},
                             {"CarriageReturn", "a\rb", "\"a\\x0db\""},
                             {"Escape", "\x1b[2J", "\"\\x1b[2J\""},
                             {"Nul", std::string("a\0b", 3), "\"a\\x00b\""},
                             {"EightBit", "\xc3\xa9", "\"\\xc3\\xa9\""},
                             {"Quote", "a\"b", "\"a\\\"b\""},
                             {"Backslash", "a\\b", "\"a\\\\b\""},
                             {"LooksLikeAField", "a=b", "\"a=b\""},
                             {"TooLong", std::string(600, 'x'), "\"" + std::string(512, 'x') + "...\""},
                         })),
                         [](const auto& c) { return std::string(c.param.name); });

TEST(LogEvent, WritesNumbersAndSeveralFields) {
  EXPECT_EQ(format_event(LogLevel::kAlert, "x", {{"a", 1}, {"b", std::uint64_t{18446744073709551615ULL}}}),
            "<1>x a=1 b=18446744073709551615");
}

}  // namespace
}  // namespace privyseal
