#include "firmware/firewall/state.h"

#include <gtest/gtest.h>

#include <array>

namespace privyseal::firewall {
namespace {

using namespace std::chrono_literals;

const std::string kOurs(64, 'a');
const std::string kOthers(64, 'b');
const WallTime kNow{std::chrono::sys_days{std::chrono::year(2026) / 11 / 23}};

Look look(WallTime at, const Result<std::string>& rules, std::optional<std::uint64_t> counter = {}) {
  return {.at = at, .on = 100s, .rules = rules, .counter = counter};
}

State up() { return after({}, look(kNow, kOurs, 0), kOurs); }

TEST(FirewallState, IsUpWhenTheKernelHasTheRulesThatWereLoaded) {
  const State state = up();
  EXPECT_TRUE(state.is_up);
  EXPECT_EQ(state.since, kNow);
  EXPECT_EQ(state.rules, kOurs);
  EXPECT_EQ(state.changes, 0U);
  const State later = after(state, look(kNow + 10s, kOurs), kOurs);
  EXPECT_EQ(later.since, kNow);
  EXPECT_EQ(later.looked_at, kNow + 10s);
  EXPECT_EQ(later.looked, 100s);
}

TEST(FirewallState, Clause21IsDownUntilALaterLookFindsTheRulesWhole) {
  const Look changed = look(kNow + 10s, kOthers);
  EXPECT_TRUE(finds_other_rules(changed, kOurs));
  const State down = after(up(), changed, kOurs);
  EXPECT_FALSE(down.is_up);
  EXPECT_EQ(down.since, kNow + 10s);
  EXPECT_EQ(down.why, "the kernel had other rules than those that were loaded at start");
  const State again = after(down, look(kNow + 20s, kOthers), kOurs);
  EXPECT_FALSE(again.is_up);
  EXPECT_EQ(again.since, kNow + 10s);
  EXPECT_EQ(again.changes, 2U);
  const State whole = after(again, look(kNow + 30s, kOurs), kOurs);
  EXPECT_TRUE(whole.is_up);
  EXPECT_EQ(whole.since, kNow + 30s);
  EXPECT_EQ(whole.why, "");
  EXPECT_EQ(whole.changes, 2U) << "what happened is not forgotten";
}

TEST(FirewallState, IsDownWhenNobodyKnowsTheRules) {
  const Look blind = look(kNow, fail(ErrorCode::kTimeout, "nft: does not end"));
  EXPECT_FALSE(finds_other_rules(blind, kOurs)) << "nothing is loaded blindly";
  const State state = after(up(), blind, kOurs);
  EXPECT_FALSE(state.is_up);
  EXPECT_EQ(state.why, "the kernel's rules cannot be read: nft: does not end");
  EXPECT_EQ(state.changes, 0U);
}

TEST(FirewallState, CountsDroppedPacketsByDayAndAcrossALoad) {
  State state = after(up(), look(kNow + 10s, kOurs, 7), kOurs);
  EXPECT_EQ(state.dropped, 7U);
  state = after(state, look(kNow + 20s, kOthers), kOurs);  // the counter is gone with the rules
  EXPECT_EQ(state.dropped, 7U);
  state = after(state, look(kNow + 30s, kOurs, 2), kOurs);
  EXPECT_EQ(state.dropped, 9U);
  state = after(state, look(kNow + 24h, kOurs, 5), kOurs);
  EXPECT_EQ(state.dropped, 12U);
  EXPECT_EQ(state.dropped_today, 3U);
}

std::string sound() { return to_text(up()); }

std::string with(std::string_view part, std::string_view instead) {
  std::string text = sound();
  const auto at = text.find(part);
  EXPECT_NE(at, std::string::npos) << part;
  return text.replace(at, part.size(), instead);
}

TEST(FirewallState, IsReadAsItWasWritten) {
  State state = after(up(), look(kNow + 10s, kOthers, 3), kOurs);
  EXPECT_EQ(parse_state(to_text(state)).value(), state);
  EXPECT_EQ(parse_state(sound()).value(), up());
}

TEST(FirewallState, IsNotReadFromAnythingElse) {
  const std::string text = sound();
  for (std::size_t size = 0; size < text.size() - 1; ++size) EXPECT_FALSE(parse_state(text.substr(0, size)));
  struct Case {
    const char* part;
    const char* instead;
  };
  for (const auto& [part, instead] : std::to_array<Case>({
           {"\"up\"", "\"UP\""},
           {"\"up\"", "true"},
           {"\"up\"", "\"down\""},  // and no reason
           {"\"why\":\"\"", "\"why\":\"x\""},
           {"\"why\":\"\"", "\"why\":null"},
           {"\"changes\":0", "\"changes\":-1"},
           {"\"changes\":0", "\"changes\":1.5"},
           {"\"changes\":0", "\"changes\":\"0\""},
           {"\"changes\":0,", ""},
           {"\"dropped\":0", "\"dropped\":18446744073709551616"},
           {"\"looked_s\":100", "\"looked_s\":-1"},
           {"\"looked_s\":100,", ""},
           {"\"since_ms\":1", "\"since_ms\":253402300800000"},
           {"\"since_ms\":1", "\"since_ms\":-1"},
           {"aaaa", "AAAA"},
           {"aaaa", "aaa"},
           {"aaaa", "aaaaa"},
           {"aaaa", ""},
           {"{", "[{"},
       }))
    EXPECT_FALSE(parse_state(with(part, instead))) << part << " -> " << instead;
  EXPECT_FALSE(parse_state(sound() + sound()));
  EXPECT_FALSE(parse_state(with("\"up\"", "\"up\",\"state\":\"up\"")));
  EXPECT_FALSE(parse_state(sound() + std::string(kMostStateBytes, ' ')));
}

}  // namespace
}  // namespace privyseal::firewall
