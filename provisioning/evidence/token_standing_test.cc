#include "provisioning/evidence/token_standing.h"

#include <gtest/gtest.h>

#include <array>
#include <optional>

namespace privyseal::evidence {
namespace {

struct Case {
  const char* name;
  std::optional<const char*> token;  // as keyd names it; none: keyd does not answer
  bool counts;                       // a claim
};
void PrintTo(const Case& c, std::ostream* out) { *out << c.name; }

class TokenClaim : public testing::TestWithParam<Case> {
 protected:
  static Result<hsm::Health> health(bool is_ready) {
    const auto& token = GetParam().token;
    if (!token) return fail(ErrorCode::kUnavailable, "keyd: gone");
    return hsm::Health{.ready = is_ready, .token = *token};
  }
};

TEST_P(TokenClaim, CountsOnlyForATokenThatKeydNamesAndThatIsNotSoftHsms) {
  for (const bool is_ready : {true, false}) {
    const TokenStanding standing = judge_token(true, health(is_ready));
    EXPECT_EQ(standing.is_claimed, GetParam().counts);
    EXPECT_EQ(standing.in_words(),
              GetParam().counts ? "claimed to be validated" : "test token, not validated");
    EXPECT_EQ(standing.name, GetParam().token.value_or(""));
  }
}
TEST_P(TokenClaim, IsNotMadeByTheTokenItself) {
  const TokenStanding standing = judge_token(false, health(true));
  EXPECT_FALSE(standing.is_claimed);
  EXPECT_EQ(standing.in_words(), "test token, not validated");
}
INSTANTIATE_TEST_SUITE_P(, TokenClaim,
                         testing::ValuesIn(std::to_array<Case>({
                             {"NoAnswer", {}, false},
                             {"NoName", "", false},
                             {"SoftHsm", "SoftHSM project, SoftHSM v2", false},
                             {"SoftHsmInOtherLetters", "SOFTHSM", false},
                             {"SoftHsmAsAModelAlone", "Example Corp., softhsm3", false},
                             {"Another", "Example Corp., Model 5", true},
                             {"AnotherWithoutModel", "Example Corp., ", true},
                             {"AlmostTheName", "Soft Hsm, S", true},
                         })),
                         [](const auto& c) { return std::string(c.param.name); });

TEST(TokenClaims, AreWhatTheConsoleSaysPlainly) {
  EXPECT_TRUE(claims_validated_token(JsonObject{{"claims_validated_token", true}}));
  EXPECT_FALSE(claims_validated_token(JsonObject{{"claims_validated_token", false}}));
  EXPECT_FALSE(claims_validated_token(JsonObject{{"claims_validated_token", "true"}}));
  EXPECT_FALSE(claims_validated_token(JsonObject{{"claims_validated_token", 1}}));
  EXPECT_FALSE(claims_validated_token(JsonObject{}));
  EXPECT_FALSE(claims_validated_token(fail(ErrorCode::kUnavailable, "admind: gone")));
}

}  // namespace
}  // namespace privyseal::evidence
