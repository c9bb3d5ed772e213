#include "firmware/smtp/chunk_stream.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "tests/support/smuggling_rows.h"

namespace privyseal::smtp {
namespace {

using namespace std::string_literals;

struct Seen {
  Violation why = Violation::kNone;
  std::string stuffed{};
  std::uint64_t size_bytes = 0;
  bool operator==(const Seen&) const = default;
};

Seen read(const std::vector<std::string_view>& chunks) {
  ChunkStream stream;
  Seen seen;
  for (const std::string_view chunk : chunks) {
    const auto step = stream.feed(bytes_of(chunk));
    seen.why = std::max(seen.why, step.why);
    seen.stuffed += text_of(step.stuffed);
  }
  const auto last = stream.end();
  seen.why = std::max(seen.why, last.why);
  seen.stuffed += text_of(last.stuffed);
  seen.size_bytes = stream.size_bytes();
  if (seen.why != Violation::kNone) return {.why = seen.why};
  return seen;
}

Seen read_in_two(std::string_view text, std::size_t split) {
  return read({text.substr(0, split), text.substr(split)});
}

struct Good {
  const char* name;
  std::string text;
  std::string stuffed{};
  std::uint64_t size_bytes;
};

const std::vector<Good> kGoodTexts{
    {"Empty", "", "", 0},
    {"OneLine", "a\r\n", "a\r\n", 3},
    {"NoLineEnd", "a", "a\r\n", 3},
    {"Dot", ".", "..\r\n", 3},
    {"DotLine", ".\r\n", "..\r\n", 3},
    {"DotLines", ".\r\n.\r\n", "..\r\n..\r\n", 6},
    {"Dots", "...\r\n..x", "....\r\n...x\r\n", 10},
    {"DotInside", "a.\r\n.b\r\n", "a.\r\n..b\r\n", 8},
    {"EndOfDataIsText", "a\r\n.\r\nMAIL FROM:<b@c>\r\n", "a\r\n..\r\nMAIL FROM:<b@c>\r\n", 23},
    {"EmptyLines", "\r\n\r\n", "\r\n\r\n", 4},
    {"LongestLine", std::string(998, '.') + "\r\n", std::string(999, '.') + "\r\n", 1000},
    {"EightBit", "\xff\xfe\r\n", "\xff\xfe\r\n", 4},
};

TEST(ChunkStream, StuffsTheSameForEverySplit) {
  for (const Good& c : kGoodTexts) {
    const Seen expected{.why = Violation::kNone, .stuffed = c.stuffed, .size_bytes = c.size_bytes};
    for (std::size_t split = 0; split <= c.text.size(); ++split)
      EXPECT_EQ(read_in_two(c.text, split), expected) << c.name << " " << split;
  }
}

struct Bad {
  const char* name;
  std::string text;
  Violation why;
};

const std::vector<Bad> kBadTexts{
    {"BareLf", "a\nb", Violation::kBareLf},
    {"BareLfFirst", "\na", Violation::kBareLf},
    {"BareLfDot", "a\n.\r\n", Violation::kBareLf},
    {"BareCr", "a\rb", Violation::kBareCr},
    {"CrAtTheEnd", "a\r", Violation::kBareCr},
    {"DotCrAtTheEnd", "a\r\n.\r", Violation::kBareCr},
    {"Nul", "a\0b"s, Violation::kNul},
    {"LongLine", std::string(999, 'x') + "\r\n", Violation::kLineTooLong},
    {"LongLineWithoutEnd", std::string(999, 'x'), Violation::kLineTooLong},
};

TEST(ChunkStream, JudgesLineEndsAsAfterData) {
  for (const Bad& c : kBadTexts)
    for (std::size_t split = 0; split <= c.text.size(); ++split)
      EXPECT_EQ(read_in_two(c.text, split), Seen{.why = c.why}) << c.name << " " << split;
}

/// Rows that hold CRLF.CRLF are text in a chunk; for the others it makes no difference that it is one.
TEST(ChunkStream, JudgesEveryWayToSmuggleMail) {
  for (const test::SmugglingRow& row : test::refused_ends_of_data()) {
    const std::string text =
        "Subject: x\r\n\r\nfirst" + row.bytes + "MAIL FROM:<mallory@lawfirm.example>\r\n";
    for (std::size_t split = 0; split <= text.size(); ++split)
      EXPECT_NE(read_in_two(text, split).why, Violation::kNone) << row.name << " " << split;
  }
  for (const test::SmugglingRow& row : test::texts_that_end_nothing())
    EXPECT_EQ(read({"first" + row.bytes}).why, Violation::kNone) << row.name;
}

TEST(ChunkStream, StaysInViolation) {
  ChunkStream stream;
  EXPECT_EQ(stream.feed(bytes_of("a\nb")).why, Violation::kBareLf);
  EXPECT_EQ(stream.feed(bytes_of("good\r\n")).why, Violation::kBareLf);
  EXPECT_TRUE(stream.feed(bytes_of("good\r\n")).stuffed.empty());
  EXPECT_EQ(stream.end().why, Violation::kBareLf);
}

}  // namespace
}  // namespace privyseal::smtp
