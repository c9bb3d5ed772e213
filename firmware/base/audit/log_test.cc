#include "firmware/base/audit/log.h"

#include <gtest/gtest.h>

#include "firmware/base/audit/merkle.h"
#include "tests/support/audit_key.h"
#include "tests/support/temp_folder.h"

namespace privyseal::audit {
namespace {

constexpr const char* kOrigin = "gateway.lawfirm.example/gatewayd";

class FixedClock final : public Clock {
 public:
  [[nodiscard]] WallTime now() const override { return WallTime{std::chrono::milliseconds{1772355662345}}; }
};

class AuditLog : public testing::Test {
 protected:
  void append(std::uint64_t count) {
    ASSERT_TRUE(database_.execute("BEGIN IMMEDIATE").has_value());
    for (std::uint64_t i = 0; i < count; ++i)
      ASSERT_TRUE(log_.append({.actor = "a", .action = "act"}).has_value());
    ASSERT_TRUE(database_.execute("COMMIT").has_value());
  }

  /// Runs SQL that somebody else might, and gives the verdict on what he did.
  Verdict after(const std::string& sql) {
    EXPECT_TRUE(database_.execute(sql.c_str()).has_value());
    return log_.verify(key_.public_key().value()).value();
  }

  test::TempFolder folder_;
  FixedClock clock_;
  test::AuditKey key_;
  Database database_ = Database::open(folder_ / "log.db", Database::Mode::kReadWrite).value();
  Log log_ = Log::open(database_, kOrigin, clock_).value();
};

TEST_F(AuditLog, CountsFromZeroAndGivesItsLinesBack) {
  append(3);
  EXPECT_EQ(log_.size().value(), 3U);
  const auto lines = log_.entries(1, 10).value();
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_TRUE(lines[0].starts_with(R"({"v":1,"seq":1,"ts":"2026-03-01T09:01:02.345Z","boot":")")) << lines[0];
  EXPECT_EQ(log_.entries(0, 1).value().size(), 1U);
}

TEST_F(AuditLog, HasTheRootOfItsLines) {
  append(13);
  std::vector<Digest> leaves;
  const auto lines = log_.entries(0, 100).value();
  for (const std::string& line : lines) leaves.push_back(leaf_hash(bytes_of(line)));
  EXPECT_EQ(log_.root().value(), root_of(leaves));
}

TEST_F(AuditLog, IsRolledBackWithTheChangeThatItRecords) {
  append(2);
  ASSERT_TRUE(database_.execute("BEGIN IMMEDIATE").has_value());
  EXPECT_EQ(log_.append({.action = "undone"}).value(), 2U);
  ASSERT_TRUE(database_.execute("ROLLBACK").has_value());
  EXPECT_EQ(log_.size().value(), 2U);
  append(1);
  EXPECT_TRUE(log_.verify().value().ok);
}

TEST_F(AuditLog, GoesOnAfterARestart) {
  append(5);
  auto database = Database::open(folder_ / "log.db", Database::Mode::kReadWrite).value();
  auto log = Log::open(database, kOrigin, clock_).value();
  EXPECT_EQ(log.append({.action = "later"}).value(), 5U);
  EXPECT_TRUE(log.verify().value().ok);
}

TEST_F(AuditLog, IsReadWhileAnotherConnectionWrites) {
  append(2);
  auto database = Database::open(folder_ / "log.db", Database::Mode::kReadOnly).value();
  auto reader = Log::open_to_read(database, kOrigin, clock_).value();
  ASSERT_TRUE(database_.execute("BEGIN IMMEDIATE").has_value());
  ASSERT_TRUE(log_.append({.action = "not yet"}).has_value());
  EXPECT_EQ(reader.size().value(), 2U);
  EXPECT_TRUE(reader.verify().value().ok);
  EXPECT_FALSE(reader.append({}).has_value());
  ASSERT_TRUE(database_.execute("COMMIT").has_value());
  EXPECT_EQ(reader.size().value(), 3U);
}

TEST_F(AuditLog, SignsOnlyWhatIsNew) {
  EXPECT_FALSE(log_.checkpoint(key_).value());
  EXPECT_EQ(log_.last_checkpoint().value(), "");
  append(2);
  EXPECT_TRUE(log_.checkpoint(key_).value());
  EXPECT_FALSE(log_.checkpoint(key_).value());
  const auto note = parse_note(log_.last_checkpoint().value());
  ASSERT_TRUE(note.has_value());
  EXPECT_EQ(note->checkpoint, (Checkpoint{.origin = kOrigin, .size = 2, .root = log_.root().value()}));
  append(1);
  EXPECT_TRUE(log_.checkpoint(key_).value());
  const Verdict verdict = log_.verify(key_.public_key().value()).value();
  EXPECT_TRUE(verdict.ok) << verdict.why;
  EXPECT_EQ(verdict.checkpoint_size, 3U);
}

TEST_F(AuditLog, StaysUsableWhenItsSignerFails) {
  append(1);
  key_.fail_with({ErrorCode::kUnavailable, "no keyd"});
  EXPECT_EQ(log_.checkpoint(key_).error().code, ErrorCode::kUnavailable);
  append(1);
  EXPECT_TRUE(log_.verify().value().ok);
}

TEST_F(AuditLog, RefusesAnOriginThatIsNone) {
  EXPECT_EQ(Log::open(database_, "two words", clock_).error().code, ErrorCode::kInvalid);
}

TEST_F(AuditLog, NamesTheEntryThatWasAltered) {
  append(20);
  ASSERT_TRUE(log_.checkpoint(key_).value());
  const Verdict verdict = after("UPDATE audit_entry SET entry = replace(entry, 'act', 'art') WHERE seq = 7");
  EXPECT_FALSE(verdict.ok);
  EXPECT_EQ(verdict.first_bad, 7U);
  EXPECT_EQ(verdict.size, 20U);
}

TEST_F(AuditLog, NamesTheEntryThatIsMissing) {
  append(20);
  EXPECT_EQ(after("DELETE FROM audit_entry WHERE seq = 4").first_bad, 4U);
}

TEST_F(AuditLog, NamesTheEntryThatWasMoved) {
  append(20);
  EXPECT_EQ(
      after("UPDATE audit_entry SET seq = -1 WHERE seq = 3; UPDATE audit_entry SET seq = 3 WHERE seq = 5;"
            "UPDATE audit_entry SET seq = 5 WHERE seq = -1")
          .first_bad,
      3U);
}

TEST_F(AuditLog, NamesTheFirstEntryThatWasCutOff) {
  append(20);
  EXPECT_EQ(after("DELETE FROM audit_entry WHERE seq >= 12").first_bad, 12U);
}

TEST_F(AuditLog, NamesAnEntryThatWasAddedByHand) {
  append(2);
  EXPECT_EQ(after("INSERT INTO audit_entry VALUES (2, '{\"v\":1,\"seq\":2,', x'00')").first_bad, 2U);
}

TEST_F(AuditLog, NamesTheThousandInWhichALeafWasMadeAnewToo) {
  append(3500);
  const std::string line = R"({"v":1,"seq":1234,"forged":true})";
  const Verdict verdict = after("UPDATE audit_entry SET entry = '" + line + "', leaf = x'" +
                                to_hex(leaf_hash(bytes_of(line))) + "' WHERE seq = 1234");
  EXPECT_EQ(verdict.first_bad, 1000U);
  EXPECT_NE(verdict.why.find("1000 to 2000"), std::string::npos) << verdict.why;
}

TEST_F(AuditLog, NamesACheckpointThatWasAltered) {
  append(5);
  ASSERT_TRUE(log_.checkpoint(key_).value());
  append(5);
  ASSERT_TRUE(log_.checkpoint(key_).value());
  const Verdict verdict =
      after("UPDATE audit_checkpoint SET note = replace(note, 'gatewayd ', 'gatewayd A') WHERE size = 5");
  EXPECT_FALSE(verdict.ok);
  EXPECT_EQ(verdict.first_bad, 5U);
  EXPECT_NE(verdict.why.find("checkpoint at 5"), std::string::npos) << verdict.why;
}

TEST_F(AuditLog, IsNotSavedByRewritingAllButTheSignature) {
  append(6);
  ASSERT_TRUE(log_.checkpoint(key_).value());
  // Another log with the same checkpoint: everything fits, but for what the key signed.
  auto database = Database::open(folder_ / "forged.db", Database::Mode::kReadWrite).value();
  auto forged = Log::open(database, kOrigin, clock_).value();
  for (int i = 0; i < 6; ++i) ASSERT_TRUE(forged.append({.action = "never happened"}).has_value());
  auto insert = database.prepare("INSERT INTO audit_checkpoint VALUES (6, ?1)").value();
  ASSERT_TRUE(insert.bind(1, log_.last_checkpoint().value()).run().has_value());
  EXPECT_FALSE(forged.verify(key_.public_key().value()).value().ok);
  test::AuditKey other;
  auto update = database.prepare("UPDATE audit_checkpoint SET note = ?1").value();
  const Checkpoint own{.origin = kOrigin, .size = 6, .root = forged.root().value()};
  const std::string note = note_of(own, other.public_key().value(), other.sign(checkpoint_text(own)).value());
  ASSERT_TRUE(update.bind(1, note).run().has_value());
  EXPECT_TRUE(forged.verify().value().ok);
  EXPECT_FALSE(forged.verify(key_.public_key().value()).value().ok);
}

TEST_F(AuditLog, SaysWhenItsStateOrARootIsGone) {
  append(2100);
  EXPECT_FALSE(after("DELETE FROM audit_root WHERE size = 2000").ok);
  EXPECT_FALSE(after("DELETE FROM audit_state").ok);
}

}  // namespace
}  // namespace privyseal::audit
