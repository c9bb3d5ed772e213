// 1,000 random tamperings with a log of 10,000 entries: each must be found.
//
// Each tampering is SQL on the log's tables, done inside a transaction that is rolled back. They are written
// to a file as well, with the log, for the other verifier (provisioning/audit/verify_log_test.py).
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <random>

#include "firmware/base/audit/log.h"
#include "firmware/base/audit/merkle.h"
#include "firmware/base/json.h"
#include "tests/support/audit_key.h"

namespace privyseal::audit {
namespace {

constexpr const char* kOrigin = "gateway.lawfirm.example/gatewayd";
constexpr std::uint64_t kEntries = 10000;
constexpr int kTamperings = 1000;
constexpr std::uint64_t kCheckpointEvery = 1700;  // not where roots are kept

struct Tampering {
  std::string kind;
  std::string sql;
  std::string note;  // the last checkpoint as the auditor gets it
};

std::string text_literal(std::string_view text) { return "CAST(x'" + to_hex(bytes_of(text)) + "' AS TEXT)"; }
std::string blob_literal(ByteView bytes) { return "x'" + to_hex(bytes) + "'"; }

std::string insert_at(std::uint64_t seq, const std::string& line) {
  return "INSERT INTO audit_entry VALUES (" + std::to_string(seq) + ", " + text_literal(line) + ", " +
         blob_literal(leaf_hash(bytes_of(line))) + ");";
}

/// Moves the entries from `seq` on by one place.
std::string make_room_at(std::uint64_t seq) {
  return "UPDATE audit_entry SET seq = -seq - 2 WHERE seq >= " + std::to_string(seq) +
         "; UPDATE audit_entry SET seq = -seq - 1 WHERE seq < 0;";
}

/// Invents tamperings. Each kind that needs the right hashes makes them, as a clever hand would.
class Tamperer {
 public:
  Tamperer(std::vector<std::string> lines, std::string note)
      : lines_(std::move(lines)), note_(std::move(note)) {}

  Tampering next() {
    static constexpr std::array kKinds{
        &Tamperer::flip, &Tamperer::flip_with_leaf, &Tamperer::remove,   &Tamperer::remove_and_close_up,
        &Tamperer::swap, &Tamperer::insert,         &Tamperer::truncate, &Tamperer::alter_checkpoint};
    Tampering tampering = (this->*kKinds[below(kKinds.size())])();
    if (tampering.note.empty()) tampering.note = note_;
    return tampering;
  }

 private:
  std::uint64_t below(std::uint64_t bound) {
    return std::uniform_int_distribution<std::uint64_t>(0, bound - 1)(random_);
  }
  std::uint64_t some_seq() { return below(lines_.size()); }

  std::string with_one_byte_changed(std::string text) {
    text[below(text.size())] ^= static_cast<char>(1 + below(255));
    return text;
  }

  Tampering flip() {
    const auto seq = some_seq();
    return {"flip",
            "UPDATE audit_entry SET entry = " + text_literal(with_one_byte_changed(lines_[seq])) +
                " WHERE seq = " + std::to_string(seq),
            {}};
  }

  Tampering flip_with_leaf() {
    const auto seq = some_seq();
    const std::string line = with_one_byte_changed(lines_[seq]);
    return {"flip with leaf",
            "UPDATE audit_entry SET entry = " + text_literal(line) +
                ", leaf = " + blob_literal(leaf_hash(bytes_of(line))) + " WHERE seq = " + std::to_string(seq),
            {}};
  }

  Tampering remove() {
    return {"delete", "DELETE FROM audit_entry WHERE seq = " + std::to_string(some_seq()), {}};
  }

  Tampering remove_and_close_up() {
    const std::string seq = std::to_string(some_seq());
    return {"delete and close up",
            "DELETE FROM audit_entry WHERE seq = " + seq +
                "; UPDATE audit_entry SET seq = seq - 1 WHERE seq > " + seq,
            {}};
  }

  Tampering swap() {
    const auto a = some_seq();
    const auto b = (a + 1 + below(lines_.size() - 1)) % lines_.size();
    const std::string remove =
        "DELETE FROM audit_entry WHERE seq IN (" + std::to_string(a) + ", " + std::to_string(b) + ");";
    return {"swap", remove + insert_at(a, lines_[b]) + insert_at(b, lines_[a]), {}};
  }

  Tampering insert() {
    const auto seq = some_seq();
    const std::string line =
        to_line({.actor = "mallory", .action = "never-happened"}, seq, WallTime(), "boot");
    return {"insert", make_room_at(seq) + insert_at(seq, line), {}};
  }

  /// With everything but the checkpoint made to fit.
  Tampering truncate() {
    const auto size = some_seq();
    CompactRange range;
    for (std::uint64_t i = 0; i < size; ++i) range.append(leaf_hash(bytes_of(lines_[i])));
    const std::string text = std::to_string(size);
    return {"truncate",
            "DELETE FROM audit_entry WHERE seq >= " + text + "; DELETE FROM audit_root WHERE size > " + text +
                "; UPDATE audit_state SET size = " + text + ", range = " + blob_literal(range.bytes()),
            {}};
  }

  Tampering alter_checkpoint() {
    const std::string note = with_one_byte_changed(note_);
    return {"alter checkpoint",
            "UPDATE audit_checkpoint SET note = " + text_literal(note) +
                " WHERE size = " + std::to_string(lines_.size()),
            note};
  }

  const std::vector<std::string> lines_;
  const std::string note_;
  std::mt19937_64 random_{20261122};  // the same ones each time
};

/// The log that is tampered with, in memory: a disk would say nothing here and take its time. Everything the
/// other verifier needs is left in its folder.
class Campaign : public testing::Test {
 protected:
  Campaign() {
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
    database_.emplace(Database::open(":memory:", Database::Mode::kReadWrite).value());
    log_.emplace(Log::open(*database_, kOrigin, clock_).value());
    for (std::uint64_t size = 0; size < kEntries;) {
      const std::uint64_t until = std::min(kEntries, size + kCheckpointEvery);
      EXPECT_TRUE(database_->execute("BEGIN IMMEDIATE").has_value());
      for (; size < until; ++size)
        EXPECT_TRUE(log_->append(
            {.actor = "gatewayd", .action = "mail-opened", .object = "mail/" + std::to_string(size)}));
      EXPECT_TRUE(database_->execute("COMMIT").has_value());
      EXPECT_TRUE(log_->checkpoint(key_).value());
    }
    EXPECT_TRUE(
        database_->execute(("VACUUM INTO '" + (folder_ / "log.db").string() + "'").c_str()).has_value());
    std::ofstream(folder_ / "audit.pem") << key_.public_key_pem();
    std::ofstream(folder_ / "checkpoint") << log_->last_checkpoint().value();
  }

  Verdict verdict() { return log_->verify(public_key_).value(); }

  const std::filesystem::path folder_ = PRIVYSEAL_CAMPAIGN_FOLDER;
  SystemClock clock_;
  test::AuditKey key_;
  const Bytes public_key_ = key_.public_key().value();
  std::optional<Database> database_;
  std::optional<Log> log_;
};

TEST_F(Campaign, FindsEveryTampering) {
  ASSERT_TRUE(verdict().ok) << verdict().why;
  Tamperer tamperer(log_->entries(0, kEntries).value(), log_->last_checkpoint().value());
  std::ofstream list(folder_ / "tamperings.jsonl", std::ios::binary);
  std::map<std::string, int> found;
  for (int i = 0; i < kTamperings; ++i) {
    const Tampering tampering = tamperer.next();
    list << to_text({{"kind", tampering.kind},
                     {"sql", tampering.sql},
                     {"note", to_hex(bytes_of(tampering.note))}})
         << "\n";
    ASSERT_TRUE(database_->execute("BEGIN IMMEDIATE").has_value());
    ASSERT_TRUE(database_->execute(tampering.sql.c_str()).has_value()) << tampering.sql;
    const Verdict now = verdict();
    EXPECT_FALSE(now.ok) << tampering.kind << ": " << tampering.sql;
    EXPECT_TRUE(now.first_bad.has_value());
    if (!now.ok) ++found[tampering.kind];
    ASSERT_TRUE(database_->execute("ROLLBACK").has_value());
  }
  EXPECT_TRUE(verdict().ok);
  for (const auto& [kind, count] : found) RecordProperty(kind, count);
  EXPECT_EQ(found.size(), 8U);  // every kind was tried
}

}  // namespace
}  // namespace privyseal::audit
