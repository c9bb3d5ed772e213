#include "firmware/base/schema.h"

#include <gtest/gtest.h>

#include <array>

#include "tests/support/temp_folder.h"

namespace privyseal {
namespace {

Result<void> make_table(Database& database) { return database.execute("CREATE TABLE t (a TEXT)"); }
Result<void> add_column(Database& database) { return database.execute("ALTER TABLE t ADD COLUMN b TEXT"); }
Result<void> half_done(Database& database) {
  if (auto made = database.execute("CREATE TABLE half (a TEXT)"); !made) return made;
  return fail(ErrorCode::kUnavailable, "the disk is full");
}

class Schema : public testing::Test {
 protected:
  std::int64_t number(const char* sql) {
    auto select = database_.prepare(sql).value();
    EXPECT_TRUE(select.step().value());
    return select.number(0);
  }

  test::TempFolder folder_;
  Database database_ = Database::open(folder_ / "d.db", Database::Mode::kReadWrite).value();
};

TEST_F(Schema, TakesEachStepOnce) {
  ASSERT_TRUE(apply_schema(database_, std::array<SchemaStep, 1>{make_table}));
  ASSERT_TRUE(apply_schema(database_, std::array<SchemaStep, 2>{make_table, add_column}));
  ASSERT_TRUE(apply_schema(database_, std::array<SchemaStep, 2>{make_table, add_column}));
  EXPECT_EQ(number("SELECT count(*) FROM pragma_table_info('t')"), 2);
  EXPECT_EQ(number("PRAGMA user_version"), 2);
}

TEST_F(Schema, LeavesNothingOfAFailedStep) {
  const auto applied = apply_schema(database_, std::array<SchemaStep, 2>{make_table, half_done});
  ASSERT_FALSE(applied);
  EXPECT_EQ(applied.error().message, "schema step 2: the disk is full");
  EXPECT_EQ(number("PRAGMA user_version"), 1);
  EXPECT_EQ(number("SELECT count(*) FROM sqlite_master WHERE name = 'half'"), 0);
}

TEST_F(Schema, TakesAFileOfALaterVersionAsItIs) {
  ASSERT_TRUE(database_.execute("PRAGMA user_version = 7"));
  ASSERT_TRUE(apply_schema(database_, std::array<SchemaStep, 1>{make_table}));
  EXPECT_EQ(number("PRAGMA user_version"), 7);
}

}  // namespace
}  // namespace privyseal
