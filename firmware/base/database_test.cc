#include "firmware/base/database.h"

#include <gtest/gtest.h>

#include <fstream>

#include "firmware/base/rows.h"
#include "tests/support/temp_folder.h"

namespace privyseal {
namespace {

class DatabaseFile : public testing::Test {
 protected:
  Database open() {
    auto database = Database::open(folder_ / "test.db", Database::Mode::kReadWrite);
    EXPECT_TRUE(database.has_value());
    return std::move(*database);
  }

  test::TempFolder folder_;
};

TEST_F(DatabaseFile, SurvivesAPowerCutByItsSettings) {
  Database database = open();
  auto journal = database.prepare("PRAGMA journal_mode").value();
  ASSERT_TRUE(journal.step().value());
  EXPECT_EQ(journal.text(0), "wal");
  auto synchronous = database.prepare("PRAGMA synchronous").value();
  ASSERT_TRUE(synchronous.step().value());
  EXPECT_EQ(synchronous.number(0), 2);  // FULL
}

TEST_F(DatabaseFile, KeepsWhatIsBound) {
  Database database = open();
  ASSERT_TRUE(database.execute("CREATE TABLE t (a INTEGER, b TEXT, c BLOB, d TEXT)").has_value());
  auto insert = database.prepare("INSERT INTO t VALUES (?, ?, ?, ?)").value();
  const Bytes blob{std::byte{0}, std::byte{255}};
  ASSERT_TRUE(
      insert.bind(1, std::int64_t{-7}).bind(2, "x'; DROP TABLE t").bind(3, ByteView(blob)).run().has_value());
  EXPECT_EQ(database.changes(), 1);
  auto select = database.prepare("SELECT * FROM t").value();
  ASSERT_TRUE(select.step().value());
  EXPECT_EQ(select.number(0), -7);
  EXPECT_EQ(select.text(1), "x'; DROP TABLE t");
  EXPECT_EQ(select.blob(2), blob);
  EXPECT_TRUE(select.is_null(3));
  EXPECT_FALSE(select.step().value());
}

TEST_F(DatabaseFile, GivesTheRowsOfAQueryAsAList) {
  Database database = open();
  const auto number = [](const Statement& row) { return row.number(0); };
  const auto few = [](const Statement& row) -> Result<std::int64_t> {
    if (row.number(0) > 2) return fail(ErrorCode::kConflict, "too many");
    return row.number(0);
  };
  const auto rows = [&](const char* sql, auto make) {
    auto select = database.prepare(sql).value();
    return rows_of(select, make);
  };
  EXPECT_EQ(rows("SELECT 1 UNION SELECT 2 UNION SELECT 3", number), (std::vector<std::int64_t>{1, 2, 3}));
  EXPECT_EQ(rows("SELECT 1 WHERE 0", number), std::vector<std::int64_t>());
  EXPECT_EQ(rows("SELECT 1 UNION SELECT 2", few), (std::vector<std::int64_t>{1, 2}));
  EXPECT_EQ(rows("SELECT 1 UNION SELECT 2 UNION SELECT 3", few).error().code, ErrorCode::kConflict);
  EXPECT_FALSE(rows("SELECT abs(column1) FROM (VALUES (1), (-9223372036854775808))", number))
      << "half a list is none";
}

TEST_F(DatabaseFile, ReportsAParameterThatDoesNotExist) {
  Database database = open();
  auto select = database.prepare("SELECT 1").value();
  EXPECT_FALSE(select.bind(1, "x").step().has_value());
  EXPECT_TRUE(select.step().has_value());  // and is usable again
}

TEST_F(DatabaseFile, IsRefusedWhenDamagedAndKept) {
  const auto path = folder_ / "damaged.db";
  std::ofstream(path) << "this is not a database, but it is somebody's evidence, 1234567890";
  const auto database = Database::open(path, Database::Mode::kReadWrite);
  ASSERT_FALSE(database.has_value());
  EXPECT_EQ(database.error().code, ErrorCode::kInvalid);
  EXPECT_EQ(std::filesystem::file_size(path), 65U);
}

TEST_F(DatabaseFile, IsNotReadFromEndToEndAgainByAProcessThatDidSo) {
  const auto path = folder_ / "damaged.db";
  {
    auto database = Database::open(path, Database::Mode::kReadWrite).value();
    ASSERT_TRUE(database.execute("CREATE TABLE t (a); INSERT INTO t SELECT randomblob(9000)"));
  }
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(4096);  // the first page of the table
  file << std::string(64, '\xff') << std::flush;
  EXPECT_EQ(Database::open(path, Database::Mode::kReadOnly).error().code, ErrorCode::kInvalid);
  EXPECT_TRUE(Database::open(path, Database::Mode::kReadOnly, Database::Integrity::kCheckedBefore));
}

TEST_F(DatabaseFile, IsNotMadeByAReader) {
  EXPECT_FALSE(Database::open(folder_ / "gone.db", Database::Mode::kReadOnly).has_value());
  EXPECT_FALSE(std::filesystem::exists(folder_ / "gone.db"));
}

class Transaction : public DatabaseFile {
 protected:
  Transaction() {
    EXPECT_TRUE(
        database_.execute("CREATE TABLE t (a INTEGER PRIMARY KEY);"
                          "CREATE TABLE u (a INTEGER REFERENCES t DEFERRABLE INITIALLY DEFERRED)"));
  }

  Result<void> add(std::string_view table, std::int64_t a) {
    auto insert = database_.prepare("INSERT INTO " + std::string(table) + " VALUES (?1)");
    if (!insert) return std::unexpected(insert.error());
    return insert->bind(1, a).run();
  }
  /// As another connection sees it: only what is committed.
  std::int64_t rows_in(const std::string& table) {
    Database other = open();
    auto count = other.prepare("SELECT count(*) FROM " + table).value();
    EXPECT_TRUE(count.step().value());
    return count.number(0);
  }
  bool is_over() { return database_.execute("BEGIN IMMEDIATE; ROLLBACK").has_value(); }

  Database database_ = open();
};

TEST_F(Transaction, CommitsWhatSucceedsAndGivesItsValue) {
  const Result<int> given = transaction(database_, [&]() -> Result<int> {
    EXPECT_TRUE(add("t", 1));
    EXPECT_EQ(rows_in("t"), 0);
    return 7;
  });
  EXPECT_EQ(given.value(), 7);
  EXPECT_EQ(rows_in("t"), 1);
  EXPECT_TRUE(is_over());
}

TEST_F(Transaction, RollsBackWhatFailsAndGivesItsError) {
  const auto failed = transaction(database_, [&]() -> Result<void> {
    EXPECT_TRUE(add("t", 1));
    return fail(ErrorCode::kDenied, "no");
  });
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code, ErrorCode::kDenied);
  EXPECT_EQ(failed.error().message, "no");
  EXPECT_TRUE(is_over());
  EXPECT_EQ(rows_in("t"), 0);
}

TEST_F(Transaction, AFailedCommitIsAnErrorAndRollsBack) {
  // A deferred reference to nothing stops COMMIT alone, and leaves the transaction open.
  const auto failed = transaction(database_, [&] { return add("u", 1); });
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code, ErrorCode::kConflict);
  EXPECT_TRUE(is_over());
  EXPECT_EQ(rows_in("u"), 0);
}

TEST_F(Transaction, DoesNotRunWhatItCannotBegin) {
  Database other = open();
  ASSERT_TRUE(other.execute("BEGIN IMMEDIATE"));
  EXPECT_FALSE(transaction(database_, [&]() -> Result<void> {
    ADD_FAILURE() << "ran";
    return {};
  }));
  ASSERT_TRUE(other.execute("ROLLBACK"));
}

}  // namespace
}  // namespace privyseal
