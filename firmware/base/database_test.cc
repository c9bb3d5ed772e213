#include "firmware/base/database.h"

#include <gtest/gtest.h>

#include <fstream>

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

TEST_F(DatabaseFile, IsNotMadeByAReader) {
  EXPECT_FALSE(Database::open(folder_ / "gone.db", Database::Mode::kReadOnly).has_value());
  EXPECT_FALSE(std::filesystem::exists(folder_ / "gone.db"));
}

}  // namespace
}  // namespace privyseal
