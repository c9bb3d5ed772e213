#include "provisioning/evidence/text.h"

#include <gtest/gtest.h>

#include <array>

namespace privyseal::evidence {
namespace {

struct Shown {
  const char* name;
  std::string_view raw;
  const char* escaped;
};
class OutsideText : public testing::TestWithParam<Shown> {};
TEST_P(OutsideText, CannotStirTheTerminal) { EXPECT_EQ(escaped(GetParam().raw), GetParam().escaped); }
TEST_P(OutsideText, IsVisibleWhereNothingHadToBeEscaped) {
  std::string undoubled;
  for (const char c : std::string_view(GetParam().escaped))
    if (c != '\\' || !undoubled.ends_with('\\')) undoubled += c;
  EXPECT_EQ(is_visible(GetParam().raw), undoubled == GetParam().raw);
}
using std::string_view_literals::operator""sv;
INSTANTIATE_TEST_SUITE_P(, OutsideText,
                         testing::ValuesIn(std::to_array<Shown>({
                             {"Plain", "alice@lawfirm.example", "alice@lawfirm.example"},
                             {"Empty", "", ""},
                             {"Letters", "Caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x99\x82",
                              "Caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x99\x82"},
                             {"Escape", "\x1b[2J", "\\x1b[2J"},
                             {"LineEnd", "a\r\nb\tc", "a\\x0d\\x0ab\\x09c"},
                             {"Nul", "a\0b"sv, "a\\x00b"},
                             {"Del", "\x7f", "\\x7f"},
                             {"C1",
                              "\xc2\x9b"
                              "2J",
                              "\\xc2\\x9b2J"},
                             {"Backslash", "\\x1b", "\\\\x1b"},
                             {"RightToLeft",
                              "a\xe2\x80\xae"
                              "b",
                              "a\\xe2\\x80\\xaeb"},
                             {"ZeroWidth",
                              "a\xe2\x80\x8b"
                              "b",
                              "a\\xe2\\x80\\x8bb"},
                             {"Tag", "\xf3\xa0\x81\x81", "\\xf3\\xa0\\x81\\x81"},
                             {"Overlong", "\xc0\xaf", "\\xc0\\xaf"},
                             {"OverlongThree", "\xe0\x80\xaf", "\\xe0\\x80\\xaf"},
                             {"Surrogate", "\xed\xa0\x80", "\\xed\\xa0\\x80"},
                             {"CutOff", "a\xe2\x82", "a\\xe2\\x82"},
                             {"Stray", "\x80z", "\\x80z"},
                             {"TooHigh", "\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"},
                         })),
                         [](const auto& c) { return std::string(c.param.name); });

struct Time {
  const char* name;
  const char* utc;
  const char* london;
};
class LondonTime : public testing::TestWithParam<Time> {};
TEST_P(LondonTime, SaysItsOffset) { EXPECT_EQ(london(GetParam().utc), GetParam().london); }
INSTANTIATE_TEST_SUITE_P(, LondonTime,
                         testing::ValuesIn(std::to_array<Time>({
                             {"Winter", "2026-01-05T09:01:02.345Z", "2026-01-05 09:01:02 +00:00"},
                             {"Summer", "2026-07-05T09:01:02Z", "2026-07-05 10:01:02 +01:00"},
                             {"BeforeSpring", "2026-03-29T00:59:59.999Z", "2026-03-29 00:59:59 +00:00"},
                             {"Spring", "2026-03-29T01:00:00Z", "2026-03-29 02:00:00 +01:00"},
                             {"BeforeAutumn", "2026-10-25T00:59:59Z", "2026-10-25 01:59:59 +01:00"},
                             {"Autumn", "2026-10-25T01:00:00Z", "2026-10-25 01:00:00 +00:00"},
                             {"NextDay", "2026-06-30T23:30:00Z", "2026-07-01 00:30:00 +01:00"},
                             {"NoTime", "yesterday\x1b", "yesterday\\x1b"},
                             {"NotUtc", "2026-07-05T09:01:02+01:00", "2026-07-05T09:01:02+01:00"},
                             {"NoSuchDay", "2026-02-30T09:01:02Z", "2026-02-30T09:01:02Z"},
                             {"NoSuchHour", "2026-02-03T24:01:02Z", "2026-02-03T24:01:02Z"},
                             {"EmptyFraction", "2026-02-03T04:01:02.Z", "2026-02-03T04:01:02.Z"},
                         })),
                         [](const auto& c) { return std::string(c.param.name); });

TEST(DateOrTime, ADateIsItsFirstMomentInUtc) {
  EXPECT_EQ(parse_date_or_time("2026-03-01"), parse_time("2026-03-01T00:00:00Z"));
  EXPECT_EQ(parse_date_or_time("2026-03-01T00:00:01Z"), parse_time("2026-03-01T00:00:01.000Z"));
  for (const char* bad : {"", "today", "2026-13-01", "2026-3-1", "2026-03-01T", "20260301"})
    EXPECT_EQ(parse_date_or_time(bad), std::nullopt) << bad;
}

}  // namespace
}  // namespace privyseal::evidence
