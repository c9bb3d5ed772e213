#include "hsm/destruction.h"

#include <gtest/gtest.h>

#include <vector>

namespace privyseal::hsm {
namespace {

using namespace std::chrono;

const std::string kText =
    "privyseal: destroy a retired key\n"
    "host gateway.lawfirm.example\n"
    "key cjsm-1\n"
    "until 2026-11-22T18:00:00Z\n"
    "nonce 00112233445566778899aabbccddeeff\n";
const Destruction kDestruction{.host = "gateway.lawfirm.example",
                               .key = "cjsm-1",
                               .until = sys_days(2026y / November / 22) + 18h,
                               .nonce = "00112233445566778899aabbccddeeff"};

TEST(Destruction, HasOneText) {
  EXPECT_EQ(to_text(kDestruction), kText);
  EXPECT_EQ(parse_destruction(kText).value(), kDestruction);
}

struct Case {
  std::string name;
  std::string from;
  std::string to;
};

class NoDestruction : public testing::TestWithParam<Case> {};
TEST_P(NoDestruction, IsInvalid) {
  std::string text = kText;
  const std::size_t at = text.find(GetParam().from);
  ASSERT_NE(at, std::string::npos);
  text.replace(at, GetParam().from.size(), GetParam().to);
  const auto parsed = parse_destruction(text);
  ASSERT_FALSE(parsed) << text;
  EXPECT_EQ(parsed.error().code, ErrorCode::kInvalid);
}
INSTANTIATE_TEST_SUITE_P(, NoDestruction,
                         testing::ValuesIn(std::vector<Case>{
                             {"Empty", kText, ""},
                             {"OtherTitle", "retired", "current"},
                             {"NoHost", "gateway.lawfirm.example", ""},
                             {"HostWithABlank", "gateway.lawfirm", "gateway lawfirm"},
                             {"HostTooLong", "gateway", std::string(300, 'g')},
                             {"NoKey", "cjsm-1", ""},
                             {"KeyInCapitals", "cjsm-1", "CJSM-1"},
                             {"TwoKeys", "key cjsm-1\n", "key cjsm-1\nkey cjsm-2\n"},
                             {"LinesInAnotherOrder", "key cjsm-1\nuntil 2026-11-22T18:00:00Z\n",
                              "until 2026-11-22T18:00:00Z\nkey cjsm-1\n"},
                             {"NoSuchDay", "2026-11-22", "2026-02-30"},
                             {"OtherZone", "18:00:00Z", "18:00:00+01:00"},
                             {"Fraction", "18:00:00Z", "18:00:00.5Z"},
                             {"LeapSecond", "18:00:00Z", "23:59:60Z"},
                             {"NonceTooShort", "00112233", "001122"},
                             {"NonceTooLong", "00112233", "0011223344"},
                             {"NonceInCapitals", "aabbccddeeff", "AABBCCDDEEFF"},
                             {"CarriageReturn", "cjsm-1\n", "cjsm-1\r\n"},
                             {"LastLineCutOff", "eeff\n", "eeff"},
                             {"SomethingBehindIt", "eeff\n", "eeff\nmore\n"},
                             {"TwoBlanks", "key cjsm", "key  cjsm"},
                             {"NoBlank", "key cjsm", "keycjsm"},
                         }),
                         [](const auto& tested) { return tested.param.name; });

}  // namespace
}  // namespace privyseal::hsm
