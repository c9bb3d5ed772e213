#include "hsm/approvers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace privyseal::hsm {
namespace {

const std::string kAlice = "alice eddsa 11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";  // RFC 8032
const std::string kBob = "bob eddsa PUAXw+hDiVqStwqnTRt+vJyYLM8uxJaMwM1V8Sr0Zgw=";
const std::string kFile = "# the partners\n" + kAlice + "\n\n" + kBob + "\n";

TEST(Approvers, AreALineEach) {
  const auto approvers = parse_approvers(kFile);
  ASSERT_TRUE(approvers) << approvers.error().message;
  ASSERT_EQ(approvers->size(), 2U);
  EXPECT_EQ(to_text(approvers->at(0)), kAlice);
  EXPECT_EQ(to_text(approvers->at(1)), kBob);
  EXPECT_TRUE(parse_approvers(kAlice + "\n" + kBob)) << "the last line's end may be missing";
}

TEST(Approvers, APersonMayHaveSeveralPasskeys) {
  const ApproverLine second{.person = "bob", .kind = PasskeyKind::kEs256, .public_key = Bytes(64)};
  EXPECT_EQ(parse_approvers(kFile + to_text(second) + "\n").value().size(), 3U);
}

TEST(Approvers, NobodyIsAListToo) {
  for (const std::string file : {"", "\n", "# alice\n\n"})
    EXPECT_EQ(parse_approvers(file), std::vector<ApproverLine>()) << file;
}

struct Case {
  std::string name;
  std::string file;
  std::string why;
};
class NoApprovers : public testing::TestWithParam<Case> {};
TEST_P(NoApprovers, AreRefusedInWords) {
  const auto approvers = parse_approvers(GetParam().file);
  ASSERT_FALSE(approvers);
  EXPECT_EQ(approvers.error().code, ErrorCode::kInvalid);
  EXPECT_THAT(approvers.error().message, testing::HasSubstr(GetParam().why));
}
INSTANTIATE_TEST_SUITE_P(
    , NoApprovers,
    testing::ValuesIn(std::vector<Case>{
        {"OnePerson", kAlice + "\n", "two different persons"},
        {"OnePersonTwice", kAlice + "\n" + "alice" + kBob.substr(3) + "\n", "two different persons"},
        {"OnePasskeyTwice", kAlice + "\nbob" + kAlice.substr(5) + "\n",
         "line 2 has the same passkey as alice"},
        {"OneLineTwice", kFile + kAlice + "\n", "line 5 has the same passkey as alice has: alice"},
        {"NameInCapitals", "Alice" + kAlice.substr(5) + "\n" + kBob, "line 1 must be as"},
        {"NameTooLong", std::string(33, 'a') + kAlice.substr(5) + "\n" + kBob, "line 1 must be as"},
        {"NoKind", "alice\n" + kBob, "line 1 must be as"},
        {"NoPasskey", "alice eddsa\n" + kBob, "line 1 must be as"},
        {"OtherKind", "alice rs256" + kAlice.substr(11) + "\n" + kBob, "neither es256 nor eddsa"},
        {"WrongKind", "alice es256" + kAlice.substr(11) + "\n" + kBob, "cut off or changed"},
        {"CutOff", kBob + "\n" + kAlice.substr(0, 30), "line 2 has a passkey that is cut off"},
        {"StrayBits", kBob + "\n" + kAlice.substr(0, kAlice.size() - 2) + "p=", "line 2 has a passkey"},
        {"TwoBlanks", "alice  eddsa" + kAlice.substr(11) + "\n" + kBob, "line 1 has a passkey"},
        {"BlankBehindIt", kAlice + " \n" + kBob, "line 1 has a passkey"},
        {"CarriageReturn", kAlice + "\r\n" + kBob, "line 1 has a passkey"},
        {"TooLong", kFile + std::string(kMaxApproversBytes, '#'), "too long"},
    }),
    [](const auto& tested) { return tested.param.name; });

}  // namespace
}  // namespace privyseal::hsm
