#include "ca/alarm.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace privyseal::ca {
namespace {

using testing::HasSubstr;
using State = GenerationState;
using std::chrono::days;

constexpr WallTime kNow{std::chrono::sys_days{std::chrono::year{2026} / 3 / 1}};

Generation active_with(days left, days life = days(365)) {
  return {.number = 1,
          .state = State::kActive,
          .key_made = true,
          .live = true,
          .not_before = kNow + left - life,
          .not_after = kNow + left};
}

Generation failing(const std::string& why) {
  return {.number = 2, .state = State::kRequested, .why = why, .failures = 1};
}

IdentityState identity(std::vector<Generation> generations, Issuer issuer = Issuer::kEst) {
  return {.rules = {.issuer = issuer}, .generations = std::move(generations), .active_on_disk = 1};
}

TEST(Alarm, IsSilentWhileAllIsWell) {
  EXPECT_FALSE(alarm_of(identity({}), kNow));
  EXPECT_FALSE(alarm_of(identity({active_with(days(200))}), kNow));
  EXPECT_FALSE(alarm_of(identity({active_with(days(61))}), kNow));
}

TEST(Alarm, SpeaksAtEachMarkOnceAndIsCriticalInTheLastWeek) {
  std::optional<StandingAlarm> standing;
  std::vector<std::int64_t> spoken;
  for (int left = 70; left >= 0; --left) {
    const auto alarm = alarm_of(identity({active_with(days(left))}), kNow);
    if (!alarm) continue;
    EXPECT_EQ(alarm->is_critical, left <= 7) << left;
    if (is_news(standing, *alarm)) spoken.push_back(alarm->days_left);
    standing = StandingAlarm{.alarm = *alarm, .since = kNow};
  }
  EXPECT_THAT(spoken, testing::ElementsAre(60, 30, 14, 7, 3, 1, 0));
}

TEST(Alarm, AShortLifeIsNotAnnouncedFromItsFirstDay) {
  EXPECT_FALSE(alarm_of(identity({active_with(days(20), days(30))}), kNow));
  EXPECT_TRUE(alarm_of(identity({active_with(days(5), days(30))}), kNow));
}

TEST(Alarm, SaysWhatFailedAndHowLongTheOldCertificateLasts) {
  const auto alarm =
      alarm_of(identity({active_with(days(200)), failing("the enrolment server answered 500")}), kNow);
  ASSERT_TRUE(alarm);
  EXPECT_EQ(alarm->cause, "renewal-failing");
  EXPECT_FALSE(alarm->is_critical);
  EXPECT_EQ(alarm->why, "the enrolment server answered 500; the certificate in use ends in 200 days");
}

TEST(Alarm, AFailureWithoutAnythingToServeIsCritical) {
  const auto alarm = alarm_of(identity({failing("no route")}), kNow);
  ASSERT_TRUE(alarm);
  EXPECT_TRUE(alarm->is_critical);
  EXPECT_THAT(alarm->why, HasSubstr("there is no certificate in use"));
}

TEST(Alarm, SaysThatNobodyAskedWhenAPersonMust) {
  const auto alarm = alarm_of(identity({active_with(days(20))}, Issuer::kManual), kNow);
  ASSERT_TRUE(alarm);
  EXPECT_THAT(alarm->why, HasSubstr("nobody has asked for the next certificate"));
}

TEST(Alarm, TheEndOutweighsWhatLedToIt) {
  const auto alarm = alarm_of(identity({active_with(days(-1)), failing("no route")}), kNow);
  ASSERT_TRUE(alarm);
  EXPECT_EQ(alarm->cause, "expired");
  EXPECT_THAT(alarm->why, testing::AllOf(HasSubstr("no route"), HasSubstr("ended at 2026-02-28")));
}

TEST(Alarm, ACertificateThatIsNotServedIsSaidAfterAFewLooks) {
  Generation active = active_with(days(200));
  active.live = false;
  active.why = "the port serves another certificate";
  active.failures = 2;
  EXPECT_FALSE(alarm_of(identity({active}), kNow));
  active.failures = 3;
  const auto alarm = alarm_of(identity({active}), kNow);
  ASSERT_TRUE(alarm);
  EXPECT_EQ(alarm->cause, "not-served");
}

TEST(Alarm, AKeyThatCannotBeRetiredIsSaid) {
  Generation old = active_with(days(100));
  old.state = State::kRetiring;
  old.failures = 1;
  old.why = "keyd is away";
  Generation active = active_with(days(200));
  active.number = 2;
  const auto alarm = alarm_of(identity({old, active}), kNow);
  ASSERT_TRUE(alarm);
  EXPECT_EQ(alarm->cause, "retire-failing");
}

TEST(Alarm, TheSameFailureAgainIsNoNewsButAnotherIs) {
  const auto alarm = [](const std::string& why) {
    return *alarm_of(identity({active_with(days(200)), failing(why)}), kNow);
  };
  const StandingAlarm standing{.alarm = alarm("no route"), .since = kNow};
  EXPECT_FALSE(is_news(standing, alarm("no route")));
  EXPECT_TRUE(is_news(standing, alarm("500")));
  EXPECT_TRUE(is_news(std::nullopt, alarm("no route")));
}

}  // namespace
}  // namespace privyseal::ca
