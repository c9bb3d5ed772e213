#include "ca/store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/temp_folder.h"

namespace privyseal::ca {
namespace {

using State = GenerationState;

constexpr WallTime kNow{std::chrono::sys_days{std::chrono::year{2026} / 3 / 1}};

class FixedClock final : public Clock {
 public:
  [[nodiscard]] WallTime now() const override { return kNow; }
};

class StoreTest : public testing::Test {
 protected:
  std::unique_ptr<Store> open() {
    auto store = Store::open(folder_ / "renewd.db", "gateway.lawfirm.example/renewd", clock_);
    EXPECT_TRUE(store) << store.error().message;
    return store ? std::move(*store) : nullptr;
  }
  static Generation generation(std::int64_t number, State state) {
    return {.number = number,
            .state = state,
            .key = "cjsm-" + std::to_string(number),
            .key_made = true,
            .csr = "csr",
            .chain = "chain",
            .judged = true,
            .live = true,
            .subject = "CN=a",
            .issuer = "CN=b",
            .serial = "0a",
            .fingerprint = "ff",
            .not_before = kNow,
            .not_after = kNow + std::chrono::days(90),
            .why = "why",
            .failures = 4,
            .refused_trials = 2,
            .since = kNow,
            .poll_after = kNow + std::chrono::hours(1),
            .jitter_permille = 77};
  }
  static audit::Entry entry(const std::string& action) {
    return {.actor = "renewd", .role = "daemon", .action = action, .object = "cjsm", .outcome = "ok"};
  }

  test::TempFolder folder_;
  FixedClock clock_;
};

TEST_F(StoreTest, GivesBackWhatWasRecordedAlsoAfterARestart) {
  const auto active = generation(1, State::kActive);
  auto candidate = generation(2, State::kRolledBack);
  candidate.key_retired = true;
  candidate.live = false;
  {
    const auto store = open();
    ASSERT_TRUE(store->record("cjsm", std::vector{active, candidate}, entry("activated")));
  }
  const auto store = open();
  EXPECT_THAT(store->generations("cjsm").value(), testing::ElementsAre(active, candidate));
  EXPECT_THAT(store->generations("lan").value(), testing::IsEmpty());
  EXPECT_EQ(store->log().size().value(), 1U);
}

TEST_F(StoreTest, WhatAFormerVersionWroteHasNoRefusedTrials) {
  ASSERT_TRUE(open()->record("cjsm", std::vector{generation(1, State::kIssued)}, entry("issued")));
  ASSERT_TRUE(open()->database().execute("DROP TABLE refused_trials"));
  EXPECT_EQ(open()->generations("cjsm").value().at(0).refused_trials, 0);
}

TEST_F(StoreTest, RefusesASecondActiveOneAndLeavesNoTraceOfTheTry) {
  const auto store = open();
  ASSERT_TRUE(store->record("cjsm", std::vector{generation(1, State::kActive)}, entry("activated")));
  const auto second = store->record(
      "cjsm", std::vector{generation(2, State::kProven), generation(3, State::kActive)}, entry("activated"));
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::kConflict);
  EXPECT_EQ(store->generations("cjsm")->size(), 1U);
  EXPECT_EQ(store->log().size().value(), 1U);
}

TEST_F(StoreTest, RefusesASecondUnfinishedOne) {
  const auto store = open();
  ASSERT_TRUE(store->record("cjsm", std::vector{generation(1, State::kRequested)}, entry("requested")));
  EXPECT_FALSE(store->record("cjsm", std::vector{generation(2, State::kProven)}, entry("proven")));
  EXPECT_TRUE(store->record("lan", std::vector{[] {
                              auto other = generation(2, State::kProven);
                              other.key = "lan-2";
                              return other;
                            }()},
                            entry("proven")));
}

TEST_F(StoreTest, RefusesAKeyThatAnotherGenerationHas) {
  const auto store = open();
  ASSERT_TRUE(store->record("cjsm", std::vector{generation(1, State::kRetired)}, entry("retired")));
  auto twin = generation(2, State::kGenerating);
  twin.key = "cjsm-1";
  EXPECT_FALSE(store->record("cjsm", std::vector{twin}, entry("started")));
}

TEST_F(StoreTest, ARowThatThisProgramNeverWritesIsAnError) {
  const auto store = open();
  ASSERT_TRUE(store->record("cjsm", std::vector{generation(1, State::kActive)}, entry("activated")));
  ASSERT_TRUE(store->database().execute("UPDATE generation SET state = 'tired'"));
  EXPECT_EQ(store->generations("cjsm").error().code, ErrorCode::kInvalid);
}

TEST_F(StoreTest, KeepsAnAlarmUntilItIsOver) {
  const StandingAlarm alarm{
      .alarm = {.cause = "expiring", .is_critical = true, .why = "soon", .detail = "d", .days_left = 7},
      .since = kNow};
  ASSERT_TRUE(open()->record_alarm("cjsm", alarm, entry("alarm")));
  EXPECT_EQ(open()->alarm("cjsm").value(), alarm);
  EXPECT_EQ(open()->alarm("lan").value(), std::nullopt);
  ASSERT_TRUE(open()->record_alarm("cjsm", std::nullopt, entry("alarm-over")));
  EXPECT_EQ(open()->alarm("cjsm").value(), std::nullopt);
  EXPECT_EQ(open()->log().size().value(), 2U);
}

}  // namespace
}  // namespace privyseal::ca
