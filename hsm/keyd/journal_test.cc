#include "hsm/keyd/journal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "hsm/keyd/public_key.h"
#include "tests/support/audit_key.h"
#include "tests/support/temp_folder.h"

namespace privyseal::keyd {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

audit::Checkpoint checkpoint(const std::string& origin, std::uint64_t size, char root) {
  audit::Checkpoint made{.origin = origin, .size = size};
  made.root.fill(static_cast<std::byte>(root));
  return made;
}

audit::Entry entry(const std::string& action) { return {.actor = "renewal", .action = action}; }

class JournalTest : public testing::Test {
 protected:
  std::unique_ptr<Journal> open() { return Journal::open(file_, "h/keyd", clock_).value(); }
  static ErrorCode code_of(const Result<void>& result) {
    return result ? ErrorCode{-1} : result.error().code;
  }

  test::TempFolder folder_;
  const std::filesystem::path file_ = folder_.path() / "keyd.db";
  SystemClock clock_;
  std::unique_ptr<Journal> journal_ = open();
};

TEST_F(JournalTest, KeepsUsesOverRunsAndSaysWhetherOneEndedInOrder) {
  const hsm::KeyUses cjsm{.name = "cjsm-1", .tls_client = 1, .tls_server = 2, .csr = 3};
  const hsm::KeyUses ca{
      .name = "ca", .certificate = 4, .crl = 5, .checkpoint = 6, .ocsp = 7, .tls12_server = 8};
  EXPECT_EQ(journal_->begin_run(), true);  // the first of all
  ASSERT_TRUE(journal_->keep_uses({cjsm, ca}));
  ASSERT_TRUE(journal_->end_run({hsm::KeyUses{.name = "cjsm-1", .tls_client = 9}}));
  journal_ = open();
  EXPECT_EQ(journal_->begin_run(), true);
  EXPECT_THAT(journal_->uses().value(), ElementsAre(ca, hsm::KeyUses{.name = "cjsm-1", .tls_client = 9}));
  journal_ = open();  // without an end
  EXPECT_EQ(journal_->begin_run(), false);
  EXPECT_EQ(journal_->uses()->size(), 2U);
}

TEST_F(JournalTest, TakesUpTheUsesOfOneThatCountedLess) {
  const auto file = folder_.path() / "old.db";
  {
    auto old = Database::open(file, Database::Mode::kReadWrite).value();
    ASSERT_TRUE(
        old.execute("CREATE TABLE key_use (name TEXT PRIMARY KEY, tls_client INTEGER NOT NULL, "
                    "tls_server INTEGER NOT NULL, csr INTEGER NOT NULL, certificate INTEGER NOT NULL, "
                    "crl INTEGER NOT NULL, checkpoint INTEGER NOT NULL) STRICT; "
                    "INSERT INTO key_use VALUES ('cjsm-1', 1, 2, 3, 4, 5, 6)"));
  }
  const hsm::KeyUses before{.name = "cjsm-1",
                            .tls_client = 1,
                            .tls_server = 2,
                            .csr = 3,
                            .certificate = 4,
                            .crl = 5,
                            .checkpoint = 6};
  for (int start = 0; start < 2; ++start) {
    const auto journal = Journal::open(file, "h/keyd", clock_);
    ASSERT_TRUE(journal) << journal.error().message;
    EXPECT_THAT((*journal)->uses().value(), ElementsAre(before));
    EXPECT_TRUE((*journal)->keep_uses({before}));
  }
}

TEST_F(JournalTest, RemembersTheKeysThatWereBegunAndNotEnded) {
  ASSERT_TRUE(journal_->begin_key(bytes_of("one")));
  ASSERT_TRUE(journal_->begin_key(bytes_of("two")));
  ASSERT_TRUE(journal_->end_key(bytes_of("one")));
  ASSERT_TRUE(journal_->end_key(bytes_of("never begun")));
  journal_.reset();
  journal_ = open();
  EXPECT_THAT(journal_->unfinished_keys().value(), ElementsAre(copy_of(bytes_of("two"))));
}

TEST_F(JournalTest, RemembersRetiredKeysWithTheirEntries) {
  const hsm::RetiredKey lan{.name = "lan-1", .role = hsm::KeyRole::kLanIdentity, .retired_at = 7};
  const hsm::RetiredKey cjsm{.name = "cjsm-1", .role = hsm::KeyRole::kCjsmIdentity, .retired_at = 8};
  ASSERT_TRUE(journal_->retire(lan, entry("retire-lan")));
  ASSERT_TRUE(journal_->retire(cjsm, entry("retire-cjsm")));
  journal_.reset();
  journal_ = open();
  EXPECT_THAT(journal_->retired_keys().value(), ElementsAre(cjsm, lan));
  EXPECT_THAT(journal_->entries(0, 10).value(),
              ElementsAre(HasSubstr("\"retire-lan\""), HasSubstr("\"retire-cjsm\"")));
}

TEST_F(JournalTest, DoesNotKnowSinceWhenAKeyIsRetiredThatWasBeforeTimesWereKept) {
  const auto file = folder_.path() / "old.db";
  {
    auto old = Database::open(file, Database::Mode::kReadWrite).value();
    ASSERT_TRUE(
        old.execute("CREATE TABLE retired_key (name TEXT PRIMARY KEY, label TEXT NOT NULL) STRICT; "
                    "INSERT INTO retired_key VALUES ('old', 'privyseal:lan-identity:old')"));
  }
  const auto journal = Journal::open(file, "h/keyd", clock_);
  ASSERT_TRUE(journal) << journal.error().message;
  const hsm::RetiredKey key{.name = "old", .role = hsm::KeyRole::kLanIdentity, .retired_at = 0};
  EXPECT_THAT((*journal)->retired_keys().value(), ElementsAre(key));
}

TEST_F(JournalTest, ARetirementThatFailsLeavesNoEntry) {
  const hsm::RetiredKey key{.name = "lan-1", .role = hsm::KeyRole::kLanIdentity, .retired_at = 7};
  ASSERT_TRUE(journal_->retire(key, entry("first")));
  EXPECT_EQ(code_of(journal_->retire(key, entry("second"))), ErrorCode::kConflict);
  ASSERT_TRUE(journal_->record(entry("third"))) << "the journal is usable afterwards";
  EXPECT_THAT(journal_->entries(0, 10).value(), ElementsAre(HasSubstr("first"), HasSubstr("third")));
}

TEST_F(JournalTest, AnApprovalIsUsedOnce) {
  ASSERT_TRUE(journal_->use_approval("00ff", entry("first")));
  journal_.reset();
  journal_ = open();
  EXPECT_EQ(code_of(journal_->use_approval("00ff", entry("second"))), ErrorCode::kConflict);
  EXPECT_TRUE(journal_->use_approval("00fe", entry("third")));
  EXPECT_THAT(journal_->entries(0, 10).value(), ElementsAre(HasSubstr("first"), HasSubstr("third")));
}

TEST_F(JournalTest, WhatCannotBeEnteredIsNotDone) {
  {
    auto disk = Database::open(file_, Database::Mode::kReadWrite).value();
    ASSERT_TRUE(
        disk.execute("CREATE TRIGGER full BEFORE INSERT ON audit_entry "
                     "BEGIN SELECT RAISE(ABORT, 'full'); END"));
  }
  const hsm::RetiredKey key{.name = "lan-1", .role = hsm::KeyRole::kLanIdentity, .retired_at = 7};
  EXPECT_FALSE(journal_->retire(key, entry("retire")));
  EXPECT_TRUE(journal_->retired_keys()->empty());
  EXPECT_FALSE(journal_->use_approval("00ff", entry("approval")));
  {
    auto disk = Database::open(file_, Database::Mode::kReadWrite).value();
    ASSERT_TRUE(disk.execute("DROP TRIGGER full"));
  }
  EXPECT_TRUE(journal_->use_approval("00ff", entry("approval"))) << "it was not used up";
  EXPECT_TRUE(journal_->retire(key, entry("retire")));
}

TEST_F(JournalTest, AllUsesAreKeptOrNone) {
  ASSERT_TRUE(journal_->begin_run().value());
  ASSERT_TRUE(journal_->keep_uses({{.name = "a", .csr = 1}, {.name = "b", .csr = 1}}));
  {
    auto disk = Database::open(file_, Database::Mode::kReadWrite).value();
    ASSERT_TRUE(
        disk.execute("CREATE TRIGGER full BEFORE INSERT ON key_use WHEN NEW.name = 'b' "
                     "BEGIN SELECT RAISE(ABORT, 'full'); END"));
  }
  const std::vector<hsm::KeyUses> more{{.name = "a", .csr = 2}, {.name = "b", .csr = 2}};
  EXPECT_FALSE(journal_->keep_uses(more));
  EXPECT_FALSE(journal_->end_run(more));
  EXPECT_THAT(journal_->uses().value(),
              ElementsAre(hsm::KeyUses{.name = "a", .csr = 1}, hsm::KeyUses{.name = "b", .csr = 1}));
  EXPECT_FALSE(journal_->begin_run().value()) << "the run has not ended in order";
}

TEST_F(JournalTest, WhatCannotBeReadIsNotOverlooked) {
  ASSERT_TRUE(journal_->remember(checkpoint("h/gatewayd", 7, 'a')));
  {
    auto disk = Database::open(file_, Database::Mode::kReadWrite).value();
    ASSERT_TRUE(
        disk.execute("UPDATE signed_log SET root = x'6161'; "
                     "INSERT INTO retired_key (name, label) VALUES ('old', 'old')"));
  }
  EXPECT_EQ(code_of(journal_->remember(checkpoint("h/gatewayd", 8, 'b'))), ErrorCode::kInvalid);
  ASSERT_FALSE(journal_->retired_keys());
  EXPECT_EQ(journal_->retired_keys().error().code, ErrorCode::kInvalid);
}

TEST_F(JournalTest, ALogNeverGoesBackNotEvenAfterARestart) {
  ASSERT_TRUE(journal_->remember(checkpoint("h/gatewayd", 7, 'a')));
  ASSERT_TRUE(journal_->remember(checkpoint("h/gatewayd", 7, 'a')));
  ASSERT_TRUE(journal_->remember(checkpoint("h/renewd", 3, 'r'))) << "another log has its own size";
  journal_.reset();
  journal_ = open();
  EXPECT_EQ(code_of(journal_->remember(checkpoint("h/gatewayd", 6, 'a'))), ErrorCode::kConflict);
  EXPECT_EQ(code_of(journal_->remember(checkpoint("h/gatewayd", 7, 'b'))), ErrorCode::kConflict);
  EXPECT_TRUE(journal_->remember(checkpoint("h/gatewayd", 8, 'b')));
  EXPECT_EQ(code_of(journal_->remember(checkpoint("h/gatewayd", 7, 'a'))), ErrorCode::kConflict);
}

TEST_F(JournalTest, PacksAreNotCompared) {
  EXPECT_TRUE(journal_->remember(checkpoint("h/pack", 9, 'a')));
  EXPECT_TRUE(journal_->remember(checkpoint("h/pack", 3, 'b')));
  EXPECT_TRUE(journal_->remember(checkpoint("h/pack", 3, 'c')));
}

TEST_F(JournalTest, ADaemonCannotFillItWithHosts) {
  for (int host = 0; host < 16; ++host)
    ASSERT_TRUE(journal_->remember(checkpoint("h" + std::to_string(host) + "/gatewayd", 1, 'a')));
  EXPECT_EQ(code_of(journal_->remember(checkpoint("h16/gatewayd", 1, 'a'))), ErrorCode::kConflict);
  EXPECT_TRUE(journal_->remember(checkpoint("h15/gatewayd", 2, 'a')));
  EXPECT_TRUE(journal_->remember(checkpoint("h16/renewd", 1, 'a'))) << "others have room";
}

TEST_F(JournalTest, ItsOwnLogIsSignedWhenItHasChanged) {
  test::AuditKey key;
  EXPECT_EQ(journal_->checkpoint(key), false) << "there is nothing to sign";
  EXPECT_EQ(journal_->last_checkpoint(), (hsm::AuditCheckpointAnswer{.size = 0, .note = ""}));
  ASSERT_TRUE(journal_->record(entry("one")));
  EXPECT_EQ(journal_->checkpoint(key), true);
  EXPECT_EQ(journal_->checkpoint(key), false);
  const auto last = journal_->last_checkpoint().value();
  EXPECT_EQ(last.size, 1);
  const auto note = audit::parse_note(last.note);
  ASSERT_TRUE(note);
  EXPECT_EQ(note->checkpoint.origin, "h/keyd");
  EXPECT_TRUE(audit::check_signature(*note, key.public_key().value()));
}

TEST_F(JournalTest, GivesEntriesFromAnywhere) {
  for (const std::string action : {"a", "b", "c"}) ASSERT_TRUE(journal_->record(entry(action)));
  EXPECT_THAT(journal_->entries(1, 1).value(), ElementsAre(HasSubstr("\"b\"")));
  EXPECT_TRUE(journal_->entries(3, 10).value().empty());
  EXPECT_TRUE(journal_->entries(std::numeric_limits<std::uint64_t>::max(), 10).value().empty());
}

TEST_F(JournalTest, ADamagedOneIsRefusedAndNotReplaced) {
  journal_.reset();
  {
    std::ofstream damaged(file_, std::ios::binary | std::ios::trunc);
    damaged << std::string(4096, 'x');
  }
  const auto opened = Journal::open(file_, "h/keyd", clock_);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, ErrorCode::kInvalid);
  EXPECT_EQ(std::filesystem::file_size(file_), 4096);
}

}  // namespace
}  // namespace privyseal::keyd
