#include "provisioning/cli/table.h"

#include <gtest/gtest.h>

namespace privyseal::cli {
namespace {

TEST(TableText, AlignsAndEscapesItsCells) {
  Table table({"NAME", {"COUNT", Table::Align::kRight}, "WHY"});
  table.add({"caf\xc3\xa9", "7", ""});
  table.add({"b\x1b", "12345678", "x"});
  EXPECT_EQ(table.text("none"),
            "NAME      COUNT  WHY\n"
            "caf\xc3\xa9          7  -\n"
            "b\\x1b  12345678  x\n");
}

TEST(TableText, WithoutRowsSaysSo) {
  EXPECT_EQ(Table({"NAME"}).text("There are none."), "There are none.\n");
}

TEST(FieldsText, LeavesOutWhatIsNotKnown) {
  Fields fields;
  fields.add("from", "alice\n");
  fields.add("", "more");
  fields.add("outcome", "");
  fields.add("session", "1f");
  EXPECT_EQ(fields.text(), "from     alice\\x0a\n         more\nsession  1f\n");
}

}  // namespace
}  // namespace privyseal::cli
