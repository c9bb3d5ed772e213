#include "provisioning/evidence/lines.h"

#include <gtest/gtest.h>

#include <vector>

#include "provisioning/evidence/mails.h"
#include "tests/support/temp_folder.h"

namespace privyseal::evidence {
namespace {

std::vector<std::string> read(const Lines& lines) {
  std::vector<std::string> all;
  for (const std::string& line : lines) all.push_back(line);
  return all;
}

TEST(Lines, AreReadAsTheyWereWrittenAndAsOften) {
  const std::vector<std::string> given{"a", "", std::string(200'000, 'x'), "b"};
  Lines lines;
  for (const std::string& line : given) lines.push_back(line);
  EXPECT_EQ(read(lines), given);
  EXPECT_EQ(read(lines), given);
  lines.push_back("c");
  EXPECT_EQ(read(lines).size(), 5U);
  EXPECT_EQ(lines.size_bytes(), 200'008U);
  EXPECT_TRUE(lines.state());
}

TEST(Lines, BytesAreAddedAsTheyAre) {
  Lines lines;
  lines.append("a\r\n");
  lines.append(std::string(100'000, 'x'));
  lines.append("");
  lines.append("y");
  EXPECT_EQ(lines.size_bytes(), 100'004U);
  EXPECT_EQ(lines.size(), 0U);
  EXPECT_EQ(lines.piece(99'999), "xxxxy");
}

TEST(Lines, NoneAreNoFile) {
  const Lines none("/nonexistent");
  EXPECT_TRUE(none.empty());
  EXPECT_TRUE(read(none).empty());
  EXPECT_TRUE(none.state());
}

TEST(Lines, LeaveNoNameBehind) {
  const test::TempFolder folder;
  Lines lines(folder.path());
  lines.push_back("a");
  EXPECT_EQ(read(lines).size(), 1U);
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

TEST(Lines, ADiskThatFailsEndsTheReadingAndIsRemembered) {
  Lines lines("/nonexistent");
  lines.push_back("a");
  EXPECT_TRUE(read(lines).empty());
  EXPECT_EQ(lines.state().error().code, ErrorCode::kNotFound);
  EXPECT_FALSE(lines.piece(0));
}

TEST(Mails, AMailThatCannotBeReadEndsTheReadingAndIsRemembered) {
  const Mails mails(Lines{R"({"id":1})", "half a ma", R"({"id":3})"});
  std::size_t count = 0;
  for (const JsonObject& mail : mails) count += mail.contains("id") ? 1 : 0;
  EXPECT_EQ(count, 1U);
  EXPECT_EQ(mails.lines().state().error().code, ErrorCode::kUnavailable);
}

}  // namespace
}  // namespace privyseal::evidence
