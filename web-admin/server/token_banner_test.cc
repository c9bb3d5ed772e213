#include "web-admin/server/token_banner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

#include "tests/support/fake_keyd.h"
#include "web-admin/server/console_fixture.h"

namespace privyseal::web {
namespace {

using namespace std::chrono_literals;

struct Case {
  const char* name;
  bool is_claimed;
  std::optional<const char*> token;  // none: keyd does not answer
  bool is_test;
};
void PrintTo(const Case& c, std::ostream* out) { *out << c.name; }

test::FakeKeyd::Behaviour named(const char* token) {
  return [token](const hsm::Request& request) {
    return test::answer_to(request, hsm::HealthAnswer{.ready = true, .token = token});
  };
}

class TokenBannerOf : public ConsoleTest, public testing::WithParamInterface<Case> {};
TEST_P(TokenBannerOf, StandsUnlessAClaimCounts) {
  settings_.validated_token = GetParam().is_claimed;
  settings_.keyd_socket = folder_.path() / "keyd";
  std::optional<test::FakeKeyd> keyd;
  if (const auto& token = GetParam().token) keyd.emplace(settings_.keyd_socket, named(*token));
  EXPECT_EQ(get("/sign-in").body.contains("Test token, not validated"), GetParam().is_test);
}
INSTANTIATE_TEST_SUITE_P(, TokenBannerOf,
                         testing::ValuesIn(std::to_array<Case>({
                             {"ClaimedAndNotSoftHsms", true, "Example Corp., M", false},
                             {"ClaimedAndSoftHsms", true, "SoftHSM project, SoftHSM v2", true},
                             {"ClaimedAndNotNamed", true, "", true},
                             {"ClaimedAndKeydIsSilent", true, {}, true},
                             {"NotClaimed", false, "Example Corp., M", true},
                             {"NotClaimedAndSoftHsms", false, "SoftHSM project, SoftHSM v2", true},
                             {"NotClaimedAndKeydIsSilent", false, {}, true},
                         })),
                         [](const auto& c) { return std::string(c.param.name); });

class TokenBannerTest : public ConsoleTest {
 protected:
  TokenBannerTest() {
    settings_.validated_token = true;
    settings_.keyd_socket = folder_.path() / "keyd";
  }
  std::chrono::steady_clock::time_point start_;
};

TEST_F(TokenBannerTest, AsksKeydEveryTenSecondsAndNoMore) {
  std::optional<test::FakeKeyd> keyd;
  keyd.emplace(settings_.keyd_socket, named("Example Corp., M"));
  EXPECT_FALSE(token_banner_.is_test(start_));
  EXPECT_FALSE(token_banner_.is_test(start_ + 9999ms));
  EXPECT_EQ(keyd->requests().size(), 1U);
  EXPECT_FALSE(token_banner_.is_test(start_ + 10s));
  EXPECT_EQ(keyd->requests().size(), 2U);
  keyd.reset();
  EXPECT_TRUE(token_banner_.is_test(start_ + 20s));
  keyd.emplace(settings_.keyd_socket, named("Example Corp., M"));
  EXPECT_TRUE(token_banner_.is_test(start_ + 29s)) << "nor while it is away";
  EXPECT_FALSE(token_banner_.is_test(start_ + 30s));
}

TEST_F(TokenBannerTest, AKeydThatHangsHoldsNobodyForLong) {
  const test::FakeKeyd keyd(settings_.keyd_socket, [](const auto&) { return test::FakeKeyd::Silence{}; });
  const auto since = std::chrono::steady_clock::now();
  EXPECT_TRUE(token_banner_.is_test(start_));
  EXPECT_LT(std::chrono::steady_clock::now() - since, 1500ms);
}

TEST_F(TokenBannerTest, TheDoorTellsTheClaim) {
  const auto told = [&] {
    return answer_door(services_, {.operation = "status", .caller = "provisioning", .actor = {}, .body = {}})
        .value()
        .at("claims_validated_token")
        .as_bool();
  };
  EXPECT_TRUE(told());
  settings_.validated_token = false;
  EXPECT_FALSE(told());
}

}  // namespace
}  // namespace privyseal::web
