#include "ca/renewd/view.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace privyseal::renewd {
namespace {

using State = ca::GenerationState;

constexpr WallTime kNow{std::chrono::sys_days{std::chrono::year{2026} / 3 / 1}};

ca::Generation generation(std::int64_t number, State state) {
  ca::Generation made{
      .number = number, .state = state, .key = "cjsm-" + std::to_string(number), .since = kNow};
  made.key_made = true;
  made.live = true;
  made.judged = state >= State::kIssued;
  made.not_before = kNow - std::chrono::days(30);
  made.not_after = kNow + std::chrono::days(60);
  made.fingerprint = "ff";
  return made;
}

ca::IdentityState identity(ca::Issuer issuer, std::vector<ca::Generation> generations) {
  ca::IdentityState made{.rules = {.issuer = issuer}, .generations = std::move(generations)};
  if (const ca::Generation* active = ca::active_of(made)) made.active_on_disk = active->number;
  return made;
}

TEST(View, AGenerationWithoutCertificateShowsNoneOfItsFields) {
  const JsonObject json = generation_json(generation(1, State::kRequested));
  EXPECT_EQ(to_text(json),
            R"({"generation":1,"state":"requested","key":"cjsm-1","since":"2026-03-01T00:00:00.000Z"})");
}

TEST(View, ACertificateIsShownOnceItWasJudged) {
  const JsonObject json = generation_json(generation(1, State::kActive));
  EXPECT_EQ(json_text(json, "fingerprint"), "ff");
  EXPECT_EQ(json_text(json, "not_after"), "2026-04-30T00:00:00.000Z");
}

TEST(View, AnIdentityShowsWhoIsActivePreviousAndCandidate) {
  const auto state = identity(
      ca::Issuer::kEst,
      {generation(1, State::kRetiring), generation(2, State::kActive), generation(3, State::kRequested)});
  const ca::StandingAlarm alarm{.alarm = {.cause = "renewal-failing",
                                          .is_critical = true,
                                          .why = "no route",
                                          .detail = "no route",
                                          .days_left = -1},
                                .since = kNow};
  const JsonObject json = identity_json("cjsm", state, alarm, kNow);
  EXPECT_EQ(json_number(*json_object(json, "active"), "generation"), 2);
  EXPECT_EQ(json_number(*json_object(json, "previous"), "generation"), 1);
  EXPECT_EQ(json_number(*json_object(json, "candidate"), "generation"), 3);
  EXPECT_EQ(json_text(*json_object(json, "alarm"), "level"), "critical");
  EXPECT_EQ(json_text(json, "issuer"), "est");
  EXPECT_EQ(json_text(json, "renew_at"), "2026-03-31T00:00:00.000Z");
}

TEST(View, AFailedGenerationStaysInSightUntilTheNextOne) {
  const auto failed =
      identity(ca::Issuer::kEst, {generation(1, State::kActive), generation(2, State::kFailed)});
  EXPECT_EQ(json_text(*json_object(identity_json("cjsm", failed, {}, kNow), "candidate"), "state"), "failed");
}

TEST(View, SaysWhatHappensNextInOneSentence) {
  const auto manual = ca::Issuer::kManual;
  EXPECT_EQ(next_sentence(identity(manual, {}), kNow), "Ask for a certificate request to begin.");
  EXPECT_EQ(next_sentence(identity(manual, {generation(4, State::kRequested)}), kNow),
            "Give the request of generation 4 to the issuer and import the certificate.");
  EXPECT_EQ(next_sentence(identity(manual, {generation(4, State::kProven)}), kNow),
            "Generation 4 has passed its trial: activate it.");
  EXPECT_EQ(next_sentence(identity(manual, {generation(4, State::kActive)}), kNow),
            "The certificate is due for renewal at 2026-03-31 00:00 UTC.");
  EXPECT_EQ(next_sentence(identity(manual, {generation(4, State::kActive)}), kNow + std::chrono::days(40)),
            "The certificate is due for renewal: ask for a certificate request.");
  auto refused = generation(4, State::kIssued);
  refused.poll_after = kNow + std::chrono::hours(1);
  EXPECT_EQ(next_sentence(identity(manual, {refused}), kNow),
            "Generation 4 did not pass its trial, which is repeated at 2026-03-01 01:00 UTC; a corrected "
            "certificate can be imported over it.");
  auto waiting = generation(5, State::kRequested);
  waiting.poll_after = kNow + std::chrono::hours(1);
  EXPECT_EQ(next_sentence(identity(ca::Issuer::kEst, {generation(4, State::kActive), waiting}), kNow),
            "The next attempt is at 2026-03-01 01:00 UTC.");
  EXPECT_EQ(
      next_sentence(
          identity(ca::Issuer::kEst, {generation(3, State::kRetiring), generation(4, State::kActive)}), kNow),
      "The previous key is retired at 2026-03-02 00:00 UTC.");
}

}  // namespace
}  // namespace privyseal::renewd
