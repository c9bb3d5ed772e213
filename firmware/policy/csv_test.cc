#include "firmware/policy/csv.h"

#include <gmock/gmock.h>

namespace privyseal::policy {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<CsvRow> rows(std::string_view text) {
  auto parsed = parse_csv(text);
  EXPECT_TRUE(parsed) << text;
  return parsed.value_or(std::vector<CsvRow>{});
}

TEST(Csv, IsReadAsOfficeProgramsWriteIt) {
  EXPECT_THAT(rows(""), IsEmpty());
  EXPECT_THAT(rows("\xEF\xBB\xBF"
                   "a,b\r\nc,d"),
              ElementsAre(ElementsAre("a", "b"), ElementsAre("c", "d")));
  EXPECT_THAT(rows("a,,\n\n,\n"), ElementsAre(ElementsAre("a", "", ""), ElementsAre("", "")));
  EXPECT_THAT(rows("\"a,\"\"b\"\"\r\nc\",d\r\n"), ElementsAre(ElementsAre("a,\"b\"\r\nc", "d")));
  EXPECT_THAT(rows("a\"b,\"c\"d"), ElementsAre(ElementsAre("a\"b", "cd")));
  EXPECT_THAT(rows("\"\""), IsEmpty());
}

TEST(Csv, IsRefusedWhenItHasNoEndOrIsTooBig) {
  EXPECT_EQ(parse_csv("a\n\"b").error().message, "line 2: a quote does not end");
  EXPECT_FALSE(parse_csv(std::string(kMaxCsvFields, ',')));
  EXPECT_FALSE(parse_csv(std::string(kMaxCsvField + 1, 'x')));
  EXPECT_TRUE(parse_csv(std::string(kMaxCsvField, 'x')));
}

TEST(Csv, IsWrittenSoThatItIsReadTheSame) {
  const CsvRow row{"plain", "with, comma", "\"quoted\"", "two\r\nlines", "", "\xC3\xA9", "\xEF\xBB\xBFx"};
  EXPECT_THAT(rows(csv_line(row)), ElementsAre(row));
  EXPECT_THAT(rows(csv_line({"\xEF\xBB\xBFx"})), ElementsAre(ElementsAre("\xEF\xBB\xBFx")));
  EXPECT_THAT(rows(csv_line({""}) + csv_line({"x"})), ElementsAre(ElementsAre("x")));
}

TEST(CsvTable, FindsColumnsByName) {
  const auto table = CsvTable::parse("B , a\n1,2\n3\n", "t.csv", {"A", "b"});
  ASSERT_TRUE(table) << table.error().message;
  EXPECT_EQ(table->size(), 2U);
  EXPECT_EQ(table->cell(0, "a"), "2");
  EXPECT_EQ(table->cell(1, "A"), "");
  EXPECT_EQ(table->cell(1, "none"), "");
  EXPECT_EQ(table->refusal(1, "x").message, "t.csv: line 3: x");
  EXPECT_EQ(CsvTable::parse("a\n", "t.csv", {"b"}).error().message, "t.csv: column missing: b");
  EXPECT_FALSE(CsvTable::parse("", "t.csv", {}));
}

TEST(CsvTable, NamesTheLineThatAnEditorShows) {
  const auto table = CsvTable::parse(
      "\xEF\xBB\xBF"
      "a,b\r\n\r\n1,\"two\r\nlines\"\r\n\n3,4\n",
      "t.csv", {"a"});
  ASSERT_TRUE(table) << table.error().message;
  ASSERT_EQ(table->size(), 2U);
  EXPECT_EQ(table->refusal(0, "x").message, "t.csv: line 3: x");
  EXPECT_EQ(table->refusal(1, "x").message, "t.csv: line 6: x");
}

}  // namespace
}  // namespace privyseal::policy
