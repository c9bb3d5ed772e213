#include "firmware/gateway/firewall_watch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

namespace privyseal::gateway {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

firewall::State state(bool is_up) {
  return {.is_up = is_up,
          .why = is_up ? "" : "other rules",
          .looked_at = WallTime(1'795'392'000'000ms),
          .looked = 1000s,
          .rules = std::string(64, 'a')};
}

struct Case {
  const char* name;
  Result<firewall::State> told;
  std::chrono::seconds on;
  bool is_up;
  const char* why;
};

class JudgeFirewall : public testing::TestWithParam<Case> {};
TEST_P(JudgeFirewall, Clause21IsUpOnlyByAGoodAndNewWord) {
  const FirewallNow now = judge_firewall(GetParam().told, GetParam().on);
  EXPECT_EQ(now.is_up, GetParam().is_up);
  EXPECT_EQ(now.why.empty(), now.is_up);
  EXPECT_THAT(now.why, HasSubstr(GetParam().why));
}
INSTANTIATE_TEST_SUITE_P(, JudgeFirewall,
                         testing::ValuesIn(std::to_array<Case>({
                             {"Up", state(true), 1000s, true, ""},
                             {"UpAndAlmostOld", state(true), 1045s, true, ""},
                             {"UpAndOld", state(true), 1046s, false,
                              "nobody has looked at the firewall since 2026-11-2"},
                             {"UpAndFromTheFuture", state(true), 999s, false, "nobody has looked"},
                             {"Down", state(false), 1000s, false, "other rules"},
                             {"DownAndOld", state(false), 1046s, false, "nobody has looked"},
                             {"Missing", fail(ErrorCode::kNotFound, "/run/x: No such file"), 1000s, false,
                              "cannot be read: /run/x: No such file"},
                         })),
                         [](const auto& c) { return std::string(c.param.name); });

TEST(FirewallWatch, LetsMailPassWhereThereIsNoFirewallToAskFor) {
  const SystemClock clock;
  FirewallWatch none("", clock);
  none.start([](const FirewallNow&) { FAIL() << "nothing changes"; });
  EXPECT_TRUE(none.lets_mail_pass());
  EXPECT_FALSE(none.is_watched());
}

TEST(FirewallWatch, LetsNoMailPassBeforeAnythingWasSaid) {
  const SystemClock clock;
  const FirewallWatch watch("/nowhere/state", clock);
  EXPECT_FALSE(watch.lets_mail_pass());
}

}  // namespace
}  // namespace privyseal::gateway
