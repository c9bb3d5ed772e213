#include "firmware/base/audit/checkpoint_writer.h"

#include <gtest/gtest.h>

#include "firmware/base/audit/door_operations.h"
#include "tests/support/audit_key.h"
#include "tests/support/temp_folder.h"

namespace privyseal::audit {
namespace {

constexpr const char* kOrigin = "gateway.lawfirm.example/gatewayd";

class CheckpointWriterTest : public testing::Test {
 protected:
  void append(int count) {
    ASSERT_TRUE(database_.execute("BEGIN IMMEDIATE").has_value());
    for (int i = 0; i < count; ++i) ASSERT_TRUE(log_.append({.action = "act"}).has_value());
    ASSERT_TRUE(database_.execute("COMMIT").has_value());
  }

  std::unique_ptr<CheckpointWriter> started(std::unique_ptr<Signer> signer, std::chrono::milliseconds every) {
    return std::move(
        CheckpointWriter::start({.database = folder_ / "log.db", .origin = kOrigin, .every = every},
                                std::move(signer), clock_)
            .value());
  }

  /// The size of the last checkpoint; 0: there is none.
  std::uint64_t checkpointed() {
    return parse_note(log_.last_checkpoint().value())
        .transform([](const auto& note) { return note.checkpoint.size; })
        .value_or(0);
  }

  bool reaches(std::uint64_t size) {
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (checkpointed() != size && std::chrono::steady_clock::now() < until)
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    return checkpointed() == size;
  }

  Result<JsonObject> ask(const char* operation, const char* request = "{}") {
    return answer_door(operation, parse_json_object(request).value(),
                       {.database = database_, .origin = kOrigin, .public_key = public_key_});
  }

  test::TempFolder folder_;
  SystemClock clock_;
  Bytes public_key_;
  Database database_ = Database::open(folder_ / "log.db", Database::Mode::kReadWrite).value();
  Log log_ = Log::open(database_, kOrigin, clock_).value();
};

TEST_F(CheckpointWriterTest, SignsWhatComesIn) {
  append(3);
  const auto writer = started(std::make_unique<test::AuditKey>(), std::chrono::milliseconds(5));
  EXPECT_TRUE(reaches(3));
  append(2);
  EXPECT_TRUE(reaches(5));
  writer->stop();
  EXPECT_TRUE(writer->state().signed_at.has_value());
  const auto verdict = log_.verify(writer->state().public_key).value();
  EXPECT_TRUE(verdict.ok) << verdict.why;
  EXPECT_EQ(verdict.checkpoint_size, 5U);
}

TEST_F(CheckpointWriterTest, SignsOnceMoreAtTheEnd) {
  const auto writer = started(std::make_unique<test::AuditKey>(), std::chrono::hours(1));
  append(2);
  writer->stop();
  EXPECT_EQ(checkpointed(), 2U);
}

TEST_F(CheckpointWriterTest, SaysWhyThereIsNoCheckpointAndGoesOn) {
  auto key = std::make_unique<test::AuditKey>();
  key->fail_with({ErrorCode::kUnavailable, "keyd is away"});
  append(1);
  const auto writer = started(std::move(key), std::chrono::hours(1));
  writer->stop();
  EXPECT_EQ(checkpointed(), 0U);
  EXPECT_EQ(writer->state().failure, "audit key audit: keyd is away");
  append(1);
}

TEST_F(CheckpointWriterTest, DoorGivesEntriesInPages) {
  append(5);
  const auto page = ask("audit-entries", R"({"after":3,"limit":10})").value();
  EXPECT_EQ(json_number(page, "size").value(), 5);
  const auto lines = json_texts(page, "entries").value();
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_TRUE(lines[0].starts_with(R"({"v":1,"seq":3,)"));
  EXPECT_TRUE(json_texts(ask("audit-entries", R"({"after":9})").value(), "entries").value().empty());
  EXPECT_FALSE(ask("audit-entries", R"({"after":-1})").has_value());
  EXPECT_FALSE(ask("audit-entries", R"({"limit":501})").has_value());
}

TEST_F(CheckpointWriterTest, DoorGivesNoMoreEntriesThanOneAnswerHolds) {
  ASSERT_TRUE(database_.execute("BEGIN IMMEDIATE").has_value());
  const std::string quotes(1000, '"');
  for (int i = 0; i < 200; ++i) ASSERT_TRUE(log_.append({.action = "act", .why = quotes}).has_value());
  ASSERT_TRUE(database_.execute("COMMIT").has_value());
  const auto page = ask("audit-entries").value();
  EXPECT_LT(to_text(page).size(), 128U * 1024);
  EXPECT_GT(json_texts(page, "entries").value().size(), 10U);
}

TEST_F(CheckpointWriterTest, DoorSaysWhetherTheLogIsSound) {
  append(5);
  EXPECT_EQ(json_text(ask("audit-checkpoint").value(), "note").value(), "");
  const auto writer = started(std::make_unique<test::AuditKey>(), std::chrono::hours(1));
  writer->stop();
  public_key_ = writer->state().public_key;
  EXPECT_EQ(json_text(ask("audit-checkpoint").value(), "note").value(), log_.last_checkpoint().value());
  EXPECT_EQ(to_text(ask("audit-verify").value()),
            R"({"size":5,"checkpoint_size":5,"signatures_checked":true})");
  ASSERT_TRUE(database_.execute("DELETE FROM audit_entry WHERE seq = 2").has_value());
  const auto broken = ask("audit-verify");
  ASSERT_FALSE(broken.has_value());
  EXPECT_EQ(broken.error().message, "first bad entry 2 of 4: entry 2 is missing");
  EXPECT_FALSE(ask("audit-shred").has_value());
}

}  // namespace
}  // namespace privyseal::audit
