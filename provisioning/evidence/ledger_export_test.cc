#include "provisioning/evidence/ledger_export.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/support/fake_appliance.h"

namespace privyseal::evidence {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

/// Four mails on one day, signed.
class LedgerExportTest : public testing::Test {
 protected:
  LedgerExportTest() {
    for (int i = 0; i < 4; ++i) fake_.add_mail("alice@lawfirm.example");
    fake_.sign_logs();
  }
  Result<LedgerExport> make(const DateRange& range, const std::filesystem::path& folder) {
    Appliance appliance(fake_.run());
    return export_ledger(
        {.appliance = appliance, .clock = fake_.clock(), .folder = folder, .say = [](std::string_view) {}},
        range);
  }
  LedgerExport made() { return make(day_, folder_.path()).value(); }
  static std::string content(const LedgerExport& made, const std::string& name) {
    const Content& held = made.files->at(name);
    std::string text;
    while (text.size() < held.size_bytes()) text += held.piece(text.size()).value();
    return text;
  }
  static long lines_in(const std::string& text) { return std::ranges::count(text, '\n'); }

  test::FakeAppliance fake_;
  test::TempFolder folder_;
  const DateRange day_{std::chrono::sys_days(std::chrono::March / 10 / 2026),
                       std::chrono::sys_days(std::chrono::March / 11 / 2026)};
};

TEST_F(LedgerExportTest, HasTheRowsForASpreadsheetAndWhatProvesThem) {
  const LedgerExport out = made();
  std::vector<std::string> names;
  for (const auto& [name, file] : *out.files) names.push_back(name);
  EXPECT_THAT(names, testing::ElementsAre("audit-key.pem", "gatewayd.jsonl", "gatewayd.note", "ledger.csv",
                                          "ledger.jsonl", "verify_pack.py"));
  EXPECT_EQ(out.proof.mails, 4U);
  EXPECT_EQ(out.proof.unsigned_mails, 0U);
  EXPECT_TRUE(out.proof.verdict);
  const std::string csv = content(out, "ledger.csv");
  EXPECT_THAT(csv, StartsWith("id,opened_at,"));
  EXPECT_THAT(csv, HasSubstr(",alice@lawfirm.example,"));
  const std::string rows = content(out, "ledger.jsonl");
  EXPECT_EQ(lines_in(rows), 4);
  EXPECT_EQ(out.rows_hash(), to_hex(sha256(bytes_of(rows))));
  EXPECT_EQ(lines_in(content(out, "gatewayd.jsonl")), 8);
  EXPECT_THAT(content(out, "gatewayd.note"), HasSubstr("/gatewayd\n8\n"));
  EXPECT_THAT(content(out, "audit-key.pem"), StartsWith("-----BEGIN PUBLIC KEY-----"));
  EXPECT_TRUE(std::filesystem::is_empty(folder_.path()));
}

/// Each recipient of a mail stands on a line of its own within the cell.
TEST_F(LedgerExportTest, TheSpreadsheetHasAHeadingAndEachMailOnce) {
  const std::string csv = content(made(), "ledger.csv");
  std::size_t ends = 0;
  for (auto at = csv.find("\r\n"); at != std::string::npos; at = csv.find("\r\n", at + 1)) ++ends;
  EXPECT_EQ(ends, 5U);
  EXPECT_TRUE(csv.ends_with("\r\n"));
}

TEST_F(LedgerExportTest, OfOtherDaysHasNoMailAndTheSameProof) {
  const DateRange before{day_.from - std::chrono::days(2), day_.from};
  const LedgerExport out = make(before, folder_.path()).value();
  EXPECT_EQ(out.proof.mails, 0U);
  EXPECT_TRUE(out.proof.verdict);
  EXPECT_EQ(content(out, "ledger.csv"), "");
  EXPECT_EQ(content(out, "ledger.jsonl"), "");
  EXPECT_EQ(lines_in(content(out, "gatewayd.jsonl")), 8);
}

TEST_F(LedgerExportTest, LeavesOutWhatNoCheckpointCovers) {
  fake_.add_mail("late@lawfirm.example");
  const LedgerExport out = made();
  EXPECT_EQ(out.proof.mails, 4U);
  EXPECT_EQ(out.proof.unsigned_mails, 1U);
  EXPECT_TRUE(out.proof.verdict);
  EXPECT_THAT(content(out, "ledger.csv"), Not(HasSubstr("late@")));
}

TEST_F(LedgerExportTest, AMailWhoseEndNoCheckpointCoversIsShownOpen) {
  const std::int64_t late = fake_.add_mail("late@lawfirm.example", "open");
  fake_.sign_logs();
  fake_.close_mail(late);
  const LedgerExport out = made();
  EXPECT_EQ(out.proof.mails, 5U);
  EXPECT_THAT(content(out, "ledger.jsonl"), HasSubstr(R"("outcome":"open")"));
  EXPECT_TRUE(out.proof.verdict) << out.proof.verdict.error().message;
}

TEST_F(LedgerExportTest, AMailWhoseEndIsSaidToBeLaterThanTheLogHasItIsNamed) {
  fake_.mails().back()["closed_seq"] = 8;
  const LedgerExport out = made();
  ASSERT_FALSE(out.proof.verdict);
  EXPECT_EQ(out.proof.verdict.error().message, "mail 4: open, but entry 7 of the log says that it ended");
}

TEST_F(LedgerExportTest, ARowThatIsNotAsTheLogSaysIsThereAndNamed) {
  (*fake_.mails().at(2).at("row").if_object())["sender"] = "mallory@lawfirm.example";
  const LedgerExport out = made();
  ASSERT_FALSE(out.proof.verdict);
  EXPECT_THAT(out.proof.verdict.error().message, HasSubstr("mail 3: differs from entry"));
  EXPECT_THAT(content(out, "ledger.csv"), HasSubstr("mallory@"));
}

TEST_F(LedgerExportTest, ALogThatIsNotAsItWasSignedIsNamed) {
  fake_.tamper("gatewayd",
               "UPDATE audit_entry SET entry = replace(entry, 'delivered', 'refused__') WHERE seq = 5");
  const LedgerExport out = made();
  ASSERT_FALSE(out.proof.verdict);
  EXPECT_THAT(out.proof.verdict.error().message, HasSubstr("gatewayd's log: an entry differs"));
}

TEST_F(LedgerExportTest, NothingThatIsSignedIsNotSound) {
  test::FakeAppliance fresh;
  Appliance appliance(fresh.run());
  const auto out = export_ledger(
      {.appliance = appliance, .clock = fresh.clock(), .folder = folder_.path(), .say = {}}, day_);
  ASSERT_TRUE(out);
  EXPECT_FALSE(out->proof.verdict);
}

TEST_F(LedgerExportTest, WithoutRoomForItThereIsNone) { EXPECT_FALSE(make(day_, "/nonexistent")); }

TEST_F(LedgerExportTest, WithoutTheGatewayOrTheKeyThereIsNone) {
  fake_.stop("gatewayd");
  EXPECT_EQ(make(day_, folder_.path()).error().code, ErrorCode::kUnavailable);
  fake_.stop("keyd");
  EXPECT_EQ(make(day_, folder_.path()).error().code, ErrorCode::kUnavailable);
}

TEST_F(LedgerExportTest, WhatIsNotTakenEndsTheReading) {
  Appliance appliance(fake_.run());
  const auto take = [](const auto&) { return Result<void>(); };
  const auto refuse = [](const auto&) -> Result<void> { return fail(ErrorCode::kClosed, "no more"); };
  EXPECT_TRUE(prove_ledger(appliance, day_, {.mail = take, .line = take}));
  EXPECT_EQ(prove_ledger(appliance, day_, {.mail = refuse, .line = take}).error().message, "no more");
  EXPECT_EQ(prove_ledger(appliance, day_, {.mail = take, .line = refuse}).error().message, "no more");
}

}  // namespace
}  // namespace privyseal::evidence
