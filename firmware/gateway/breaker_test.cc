#include "firmware/gateway/breaker.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace privyseal::gateway {
namespace {

using namespace std::chrono_literals;

/// What happens, one letter each: f a try that fails, s one that succeeds, g one that tells nothing, n a try
/// that must not be allowed, . a second goes by.
struct Story {
  const char* name;
  std::string events;
  Breaker::State end;
};
void PrintTo(const Story& story, std::ostream* out) { *out << story.name; }

std::string times(int count, const std::string& events) {
  std::string all;
  for (int i = 0; i < count; ++i) all += events;
  return all;
}

class BreakerStory : public testing::TestWithParam<Story> {};

TEST_P(BreakerStory, Ends) {
  Breaker breaker(true);
  Breaker::Time now{};
  for (std::size_t i = 0; i < GetParam().events.size(); ++i) {
    const char event = GetParam().events[i];
    if (event == '.') {
      now += 1s;
      continue;
    }
    const auto attempt = breaker.may_try(now);
    ASSERT_EQ(attempt.has_value(), event != 'n') << "event " << i;
    if (event == 'f') static_cast<void>(breaker.fail(*attempt, now));
    if (event == 's') breaker.succeed();
    if (event == 'g') breaker.give_back(*attempt);
  }
  EXPECT_EQ(breaker.state(now), GetParam().end);
}

using enum Breaker::State;
INSTANTIATE_TEST_SUITE_P(
    , BreakerStory,
    testing::Values(
        Story{"New", "", kClosed}, Story{"Works", "sss", kClosed}, Story{"FewFailures", "ffff", kClosed},
        Story{"FiveFailures", "fffffn", kOpen}, Story{"NotInARow", "ffffsffff", kClosed},
        Story{"ThatTellNothing", "gggggggg", kClosed}, Story{"BeforeTheTrial", "fffff.n", kOpen},
        Story{"TrialDue", "fffff..", kTrial}, Story{"TrialSucceeds", "fffff..sss", kClosed},
        Story{"TrialFails", "fffff..fn...n", kOpen}, Story{"SecondTrial", "fffff..f....", kTrial},
        Story{"SecondTrialSucceeds", "fffff..f....sffff", kClosed},
        Story{"PauseIsShortAgain", "fffff..f....sfffff..", kTrial},
        Story{"TrialThatTellsNothing", "fffff..g", kTrial}, Story{"TrialAfterIt", "fffff..gfn", kOpen},
        Story{"LongestPause", "fffff" + times(20, times(30, ".") + "f") + times(29, ".") + "n", kOpen},
        Story{"LongestPauseEnds", "fffff" + times(20, times(30, ".") + "f") + times(30, "."), kTrial}),
    [](const auto& story) { return std::string(story.param.name); });

TEST(Breaker, OneMailIsTheTrialAndAllOthersAreTurnedAway) {
  Breaker breaker(true);
  Breaker::Time now{};
  for (int i = 0; i < Breaker::kFailures; ++i) static_cast<void>(breaker.fail({}, now));
  now += Breaker::kFirstPause;
  const auto trial = breaker.may_try(now);
  ASSERT_TRUE(trial && trial->is_trial);
  EXPECT_FALSE(breaker.may_try(now));
  EXPECT_FALSE(breaker.may_try(now + 1h)) << "however long it takes";
  EXPECT_EQ(breaker.state(now), Breaker::State::kTrial);
}

TEST(Breaker, FailuresOfTriesThatBeganBeforeDoNotMakeThePauseLonger) {
  Breaker breaker(true);
  const Breaker::Time now{};
  std::vector<Breaker::Try> tries;
  for (int i = 0; i < 20; ++i) tries.push_back(*breaker.may_try(now));
  for (const auto& one : tries) static_cast<void>(breaker.fail(one, now));
  EXPECT_EQ(breaker.state(now + Breaker::kFirstPause), Breaker::State::kTrial);
  EXPECT_EQ(breaker.failures(), 20);
}

TEST(Breaker, TheOnlyHopIsNeverPaused) {
  Breaker breaker(false);
  const Breaker::Time now{};
  for (int i = 0; i < 3 * Breaker::kFailures; ++i) {
    const auto attempt = breaker.may_try(now);
    ASSERT_TRUE(attempt) << "after " << i << " failures";
    EXPECT_FALSE(breaker.fail(*attempt, now));
  }
  EXPECT_EQ(breaker.state(now), kClosed);
  EXPECT_EQ(breaker.failures(), 3 * Breaker::kFailures) << "they are counted all the same";
}

}  // namespace
}  // namespace privyseal::gateway
