#include "firmware/smtp/line_repair.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "firmware/smtp/dot_stream.h"
#include "tests/support/smuggling_rows.h"

namespace privyseal::smtp {
namespace {

using namespace std::string_literals;
using Where = LineRepair::Where;

std::string repaired(Where where, std::string_view input, std::size_t split) {
  LineRepair repair(where);
  std::string out(text_of(repair.feed(bytes_of(input.substr(0, split)))));
  out += text_of(repair.feed(bytes_of(input.substr(split))));
  return out + std::string(repair.waiting());
}

struct Case {
  const char* name;
  std::string input;
  std::string in_body;
  std::string in_commands;
};

const std::vector<Case> kCases{
    {"Nothing", "", "", ""},
    {"Sound", "a\r\nb\r\n", "a\r\nb\r\n", "a\r\nb\r\n"},
    {"Lf", "a\nb\r\n", "a\r\nb\r\n", "a\r\nb\r\n"},
    {"LfLast", "a\n", "a\n", "a\r\n"},
    {"LfTwice", "a\n\nb", "a\r\n\r\nb", "a\r\n\r\nb"},
    {"LfCrLf", "a\n\r\nb", "a\r\n\r\nb", "a\r\n\r\nb"},
    {"CrLfLf", "a\r\n\nb", "a\r\n\r\nb", "a\r\n\r\nb"},
    {"BareCr", "a\rb\r\r\n", "a\rb\r\r\n", "a\rb\r\r\n"},
    {"Nul", "a\0\nb"s, "a\0\r\nb"s, "a\0\r\nb"s},
    {"LfDot", "a\n.b", "a\n.b", "a\r\n.b"},
    {"LfDotLf", "a\n.\nb", "a\n.\nb", "a\r\n.\r\nb"},
    {"LfDotCrLf", "a\n.\r\nb", "a\n.\r\nb", "a\r\n.\r\nb"},
    {"CrLfDotLf", "a\r\n.\nb", "a\r\n.\nb", "a\r\n.\r\nb"},
    {"DotLfFirst", ".\nb", ".\nb", ".\r\nb"},
    {"EndOfData", "a\r\n.\r\n", "a\r\n.\r\n", "a\r\n.\r\n"},
    {"StuffedDotLf", "a\r\n..\nb", "a\r\n..\r\nb", "a\r\n..\r\nb"},
    {"DotInsideLf", "a.\nb", "a.\r\nb", "a.\r\nb"},
};

TEST(LineRepair, MakesTheSameOfEverySplit) {
  for (const Case& c : kCases) {
    for (std::size_t split = 0; split <= c.input.size(); ++split) {
      EXPECT_EQ(repaired(Where::kBody, c.input, split), c.in_body) << c.name << " " << split;
      EXPECT_EQ(repaired(Where::kCommands, c.input, split), c.in_commands) << c.name << " " << split;
    }
  }
}

/// However the first mail pretends to end, the second one is its text, or nothing is.
TEST(LineRepair, LetsNoMailEndEarlier) {
  const std::string second = "MAIL FROM:<mallory@lawfirm.example>\r\n";
  std::size_t refused = 0;
  for (const auto& rows : {test::refused_ends_of_data(), test::texts_that_end_nothing()}) {
    for (const test::SmugglingRow& row : rows) {
      if (row.bytes.contains("\r\n.\r\n")) continue;  // a true end, behind a line that is mended
      const std::string input = "Subject: x\r\n\r\nfirst" + row.bytes + second + ".\r\n";
      DotStream dots;
      const std::string text = repaired(Where::kBody, input, 1);
      const auto step = dots.feed(bytes_of(text));
      if (step.state == DotStream::State::kViolation) {
        ++refused;
        continue;
      }
      EXPECT_EQ(step.state, DotStream::State::kEnd) << row.name;
      EXPECT_TRUE(text_of(step.forward).ends_with(second)) << row.name;
    }
  }
  EXPECT_GE(refused, 60U);
}

}  // namespace
}  // namespace privyseal::smtp
