#include "provisioning/evidence/collect.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <utility>

#include "provisioning/evidence/ledger_check.h"
#include "provisioning/evidence/manifest.h"
#include "provisioning/evidence/pack.h"
#include "tests/support/fake_appliance.h"

namespace privyseal::evidence {
namespace {

using testing::ElementsAre;

/// Mails that go on while a pack is made: what happens between the rows and the log is played when the first
/// checkpoint is asked for, which is when all rows have been read.
class CollectTest : public testing::Test {
 protected:
  CollectTest() {
    fake_.add_mail("alice@lawfirm.example");
    open_ = fake_.add_mail("bob@lawfirm.example", "open");
    fake_.add_mail("carol@lawfirm.example");
    fake_.sign_logs();
  }
  Result<Facts> collected(std::function<void()> meanwhile = [] {}) {
    Appliance doors(fake_.run());
    Appliance appliance(
        [&](Daemon daemon, const JsonObject& request,
            std::chrono::milliseconds deadline) -> Result<JsonObject> {
          const std::string operation = *json_text(request, "op");
          if (operation == "audit-checkpoint") std::exchange(meanwhile, [] {})();
          if (operation == "ledger-extract" && is_ledger_lost_) return fail(ErrorCode::kTimeout, "x");
          return doors.ask(daemon, request, deadline);
        },
        fake_.run() / "privyseal-keyd/socket");
    return collect(
        {.appliance = appliance, .clock = fake_.clock(), .folder = folder_.path(), .say = [](auto) {}}, day_,
        std::chrono::seconds(0));
  }
  static std::vector<std::string> outcomes(const Facts& facts) {
    std::vector<std::string> all;
    for (const JsonObject& mail : facts.mails)
      all.push_back(*json_text(*json_object(mail, "row"), "outcome"));
    return all;
  }
  static std::string verdict(const Facts& facts) {
    const auto checked = check_ledger(facts.mails, facts.logs.at(Daemon::kGatewayd)->lines);
    return checked ? "sound" : checked.error().message;
  }

  test::FakeAppliance fake_;
  test::TempFolder folder_;
  std::int64_t open_ = 0;
  bool is_ledger_lost_ = false;
  const DateRange day_{std::chrono::sys_days(std::chrono::March / 10 / 2026),
                       std::chrono::sys_days(std::chrono::March / 11 / 2026)};
};

TEST_F(CollectTest, AMailThatIsOpenAllTheWhileIsShownOpen) {
  const auto facts = collected();
  ASSERT_TRUE(facts) << facts.error().message;
  EXPECT_THAT(outcomes(*facts), ElementsAre("delivered", "open", "delivered"));
  EXPECT_EQ(verdict(*facts), "sound");
}

TEST_F(CollectTest, AMailThatEndsAfterItsRowWasReadIsAsTheSignedLogHasIt) {
  const auto facts = collected([&] {
    fake_.close_mail(open_);
    fake_.sign_logs();
  });
  ASSERT_TRUE(facts) << facts.error().message;
  EXPECT_THAT(outcomes(*facts), ElementsAre("delivered", "delivered", "delivered"));
  EXPECT_EQ(facts->unsigned_mails, 0U);
  EXPECT_EQ(verdict(*facts), "sound");
}

/// The pack that is made later, of the same log, has the same rows.
TEST_F(CollectTest, TheContentIsTheSameWhenTheMailHadEndedBefore) {
  const auto hash = [](const Result<Facts>& facts) {
    PackFiles files;
    files.emplace("data/ledger.jsonl", Content::of(facts->mails.lines()).value());
    return content_hash(files);
  };
  const std::string meanwhile = hash(collected([&] {
    fake_.close_mail(open_);
    fake_.sign_logs();
  }));
  EXPECT_EQ(hash(collected()), meanwhile);
}

TEST_F(CollectTest, AnEndThatNoCheckpointCoversIsNotShown) {
  const auto facts = collected([&] { fake_.close_mail(open_); });
  ASSERT_TRUE(facts) << facts.error().message;
  EXPECT_THAT(outcomes(*facts), ElementsAre("delivered", "open", "delivered"));
  EXPECT_EQ(verdict(*facts), "sound");
  fake_.close_mail(fake_.add_mail("dora@lawfirm.example", "open"));
  const auto later = collected();
  ASSERT_TRUE(later) << later.error().message;
  EXPECT_THAT(outcomes(*later), ElementsAre("delivered", "open", "delivered"));
  EXPECT_EQ(later->unsigned_mails, 1U);
  EXPECT_EQ(verdict(*later), "sound");
}

TEST_F(CollectTest, ARowThatCannotBeReadAgainEndsIt) {
  EXPECT_EQ(collected([&] { is_ledger_lost_ = true; }).error().code, ErrorCode::kTimeout);
}

}  // namespace
}  // namespace privyseal::evidence
