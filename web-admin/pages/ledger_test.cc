#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "web-admin/pages/appliance_fixture.h"

namespace privyseal::web {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr const char* kDays = "from=2026-03-10&to=2026-03-11";

class LedgerPages : public ApplianceTest {
 protected:
  Response order(const std::string& fields = kDays) {
    get("/ledger");
    return post("/ledger", fields);
  }
  std::string ended() { return page_once_without("/ledger", "being taken out"); }
  std::string made(const std::string& fields = kDays) {
    EXPECT_EQ(order(fields).status, 303);
    return ended();
  }
  static std::string hash_in(const std::string& page) { return hash_behind("/ledger/", page); }
};

TEST_F(LedgerPages, TheDaysAreDownloadedAsCsvWithTheirProof) {
  EXPECT_THAT(get("/mail").body, HasSubstr("href=\"/ledger\""));
  const std::string page = made();
  for (const char* words : {"2026-03-10 until before 2026-03-11", "for alice", "kept for an hour",
                            "Audit key (SHA-256)", "Rows (SHA-256)"})
    EXPECT_THAT(page, HasSubstr(words));
  EXPECT_THAT(page, Not(HasSubstr("not sound")));
  const Response file = get("/ledger/" + hash_in(page));
  ASSERT_EQ(file.status, 200);
  ASSERT_TRUE(file.long_body);
  EXPECT_THAT(file.headers, testing::Contains(std::pair(
                                "Content-Disposition",
                                "attachment; filename=\"privyseal-ledger-2026-03-10-2026-03-11.tar\"")));
  unpack(file);
  EXPECT_THAT(content(folder_.path() / "ledger/ledger.csv"), HasSubstr(",alice@lawfirm.example,"));
  EXPECT_EQ(verify_unpacked("ledger"), 0) << said();
  EXPECT_THAT(said(), HasSubstr("7 mails, each in the log"));
  std::ofstream(folder_.path() / "ledger/ledger.jsonl", std::ios::app) << "{}\n";
  EXPECT_NE(verify_unpacked("ledger"), 0);
}

TEST_F(LedgerPages, AnAuditorTakesItOutAndItIsRecordedBeforeAndAfter) {
  become("auditor");
  const std::string hash = hash_in(made());
  EXPECT_EQ(shown(last_entry(), "action"), "ledger-export-make");
  EXPECT_EQ(shown(last_entry(), "outcome"), "begun");
  work_at_desk();
  EXPECT_EQ(shown(last_entry(), "action"), "ledger-export-make");
  EXPECT_EQ(shown(last_entry(), "object"), "ledger/2026-03-10/2026-03-11");
  EXPECT_EQ(shown(last_entry(), "actor"), "auditor");
  EXPECT_EQ(shown(last_entry(), "outcome"), "ok");
  EXPECT_EQ(shown(last_entry(), "why"), "7 mails, rows " + hash);
  EXPECT_EQ(get("/ledger/" + hash).status, 200);
  EXPECT_EQ(shown(last_entry(), "action"), "ledger-export-download");
  EXPECT_EQ(shown(last_entry(), "actor"), "auditor");
  EXPECT_EQ(shown(last_entry(), "why"), "7 mails, rows " + hash);
  const auto asked = appliance_.requests("gatewayd");
  ASSERT_NE(json_object(asked.back(), "actor"), nullptr);
  EXPECT_EQ(shown(*json_object(asked.back(), "actor"), "name"), "auditor");
}

TEST_F(LedgerPages, AStrangerGetsNothingOfItAndHasNothingMade) {
  const std::string hash = hash_in(made());
  get("/");
  post("/sign-out");
  const auto asked = appliance_.requests("gatewayd").size();
  for (const std::string& path : {std::string("/ledger"), "/ledger/" + hash}) {
    const Response page = get(path);
    EXPECT_EQ(page.status, 303) << path;
    EXPECT_FALSE(page.long_body) << path;
  }
  get("/sign-in");
  EXPECT_EQ(post("/ledger", kDays).status, 401);
  EXPECT_EQ(appliance_.requests("gatewayd").size(), asked);
  expect_refusal_recorded("no-session", "You are signed out");
}

TEST_F(LedgerPages, DaysThatAreNoneAreRefusedInWordsBeforeAnythingIsAsked) {
  const std::string both = "Give both days, as 2026-03-01.";
  const std::string order_of_days = "The first day must be before the day after the last.";
  const std::vector<std::pair<std::string, std::string>> cases{
      {"", both},
      {"from=2026-03-10", both},
      {"to=2026-03-10", both},
      {"from=2026-02-30&to=2026-03-10", both},
      {"from=2026-3-1&to=2026-03-10", both},
      {"from=10.03.2026&to=2026-03-11", both},
      {"from=2026-03-10T00%3A00%3A00Z&to=2026-03-11", both},
      {"from=2026-03-10&to=2026-03-10", order_of_days},
      {"from=2026-03-11&to=2026-03-10", order_of_days},
      {"from=2026-11-23&to=2026-11-24", "The first day is still to come."},
      {"from=2025-03-10&to=2026-03-12", "That is more than 366 days."},
      {"from=0001-01-01&to=9999-12-31", "That is more than 366 days."}};
  for (const auto& [fields, words] : cases) {
    const Response refused = order(fields);
    EXPECT_EQ(refused.status, 422) << fields;
    EXPECT_THAT(refused.body, HasSubstr("Nothing is taken out")) << fields;
    EXPECT_THAT(refused.body, HasSubstr(words)) << fields;
  }
  EXPECT_TRUE(appliance_.requests("gatewayd").empty());
  EXPECT_NE(shown(last_entry(), "action"), "ledger-export-make");
}

TEST_F(LedgerPages, AYearAndADayThatHasBegunAreTaken) {
  EXPECT_THAT(made("from=2025-11-22&to=2026-11-23"), HasSubstr("Download the ledger"));
  EXPECT_THAT(made("from=2026-11-22&to=2026-11-23"), HasSubstr("Download the ledger"));
}

TEST_F(LedgerPages, DaysWithoutMailAreSaidToHaveNone) {
  const std::string page = made("from=2026-03-01&to=2026-03-02");
  EXPECT_THAT(page, HasSubstr("No mail of these days is on record."));
  unpack(get("/ledger/" + hash_in(page)));
  EXPECT_EQ(content(folder_.path() / "ledger/ledger.csv"), "");
  EXPECT_EQ(verify_unpacked("ledger"), 0) << said();
  EXPECT_THAT(said(), HasSubstr("0 mails"));
}

TEST_F(LedgerPages, WhatIsNotSoundOrNotSignedYetIsSaidAndRecorded) {
  appliance_.add_mail("late@lawfirm.example");
  (*appliance_.mails().at(2).at("row").if_object())["sender"] = "<i>mallory";
  const std::string page = made();
  EXPECT_THAT(page, HasSubstr("The ledger is not sound"));
  EXPECT_THAT(page, HasSubstr("mail 3: differs from entry"));
  EXPECT_THAT(page, HasSubstr("Without 1 newer mail"));
  work_at_desk();
  EXPECT_THAT(shown(last_entry(), "why"), HasSubstr(", not sound: mail 3: differs from entry"));
}

TEST_F(LedgerPages, WithoutTheGatewayThereIsNoneAndItIsSaidAndRecorded) {
  appliance_.stop("gatewayd");
  EXPECT_THAT(made(), HasSubstr("The ledger was not taken out"));
  work_at_desk();
  EXPECT_EQ(shown(last_entry(), "action"), "ledger-export-make");
  EXPECT_EQ(shown(last_entry(), "outcome"), "unavailable");
}

TEST_F(LedgerPages, TheLastIsKeptBesideThePackAndHasNoName) {
  const auto before = names_kept();
  const std::string first = hash_in(made());
  get("/audit-pack");
  EXPECT_EQ(post("/audit-pack", kDays).status, 303);
  EXPECT_THAT(page_once_without("/audit-pack", "is being made"), HasSubstr("Download the pack"));
  EXPECT_EQ(get("/ledger/" + first).status, 200);
  EXPECT_EQ(names_kept(), before);
  made("from=2026-03-01&to=2026-03-02");
  EXPECT_EQ(get("/ledger/" + first).status, 404);
}

TEST_F(LedgerPages, AfterAStopNoneIsBegun) {
  ledger_exporter_.stop();
  const Response refused = order();
  EXPECT_EQ(refused.status, 503);
  EXPECT_THAT(refused.body, HasSubstr("the console is stopping"));
  EXPECT_EQ(shown(last_entry(), "action"), "ledger-export-make");
  EXPECT_EQ(shown(last_entry(), "outcome"), "unavailable");
}

}  // namespace
}  // namespace privyseal::web
