#include "firmware/smtp/line_reader.h"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

namespace privyseal::smtp {
namespace {

using namespace std::string_literals;
constexpr std::size_t kLimit = 10;

/// All lines, then why it stopped: "a|b|+rest" or "a|!bare CR".
std::string drain(LineReader& reader) {
  std::string seen;
  for (;;) {
    const auto next = reader.next();
    if (next.fault) return seen + "!" + std::string(to_string(*next.fault));
    if (next.state == LineReader::State::kNeedMore)
      return seen + "+" + std::string(text_of(reader.buffered()));
    seen += std::string(next.line) + "|";
  }
}

struct Case {
  const char* name;
  std::string input;
  std::string seen;
};

const std::vector<Case> kLineReaderCases{
    {"Nothing", "", "+"},
    {"OneLine", "NOOP\r\n", "NOOP|+"},
    {"TwoLines", "a\r\nb\r\n", "a|b|+"},
    {"EmptyLine", "\r\n", "|+"},
    {"Unfinished", "NOOP\r", "+NOOP\r"},
    {"AsLongAsAllowed", "12345678\r\n", "12345678|+"},
    {"OneTooLong", "123456789\r\n", "!line too long"},
    {"NoEndInSight", "1234567890", "!line too long"},
    {"BareLf", "NOOP\n", "!bare LF"},
    {"BareLfFirst", "\nNOOP\r\n", "!bare LF"},
    {"LfCr", "a\n\r", "!bare LF"},
    {"BareCr", "NO\rOP\r\n", "!bare CR"},
    {"CrCrLf", "a\r\r\n", "!bare CR"},
    {"CrNulLf", "a\r\0\n"s, "!bare CR"},
    {"Nul", "NO\0OP\r\n"s, "!NUL byte"},
    {"FaultAfterGoodLine", "a\r\nb\n", "a|!bare LF"},
    {"EightBitIsNotOurs", "\xff\r\n", "\xff|+"},
};

TEST(LineReader, GivesTheSameForEverySplit) {
  for (const Case& c : kLineReaderCases) {
    SCOPED_TRACE(c.name);
    for (std::size_t first = 0; first <= c.input.size(); ++first) {
      for (std::size_t second = first; second <= c.input.size(); ++second) {
        LineReader reader(kLimit);
        std::string seen;
        for (const auto& part :
             {c.input.substr(0, first), c.input.substr(first, second - first), c.input.substr(second)}) {
          reader.append(bytes_of(part));
          if (seen.contains('!')) continue;
          seen.resize(seen.find('+') == std::string::npos ? seen.size() : seen.find('+'));
          seen += drain(reader);
        }
        EXPECT_EQ(seen, c.seen) << "split at " << first << " and " << second;
      }
    }
  }
}

TEST(LineReader, StaysFaulty) {
  LineReader reader(kLimit);
  reader.append(bytes_of("a\nb\r\n"));
  for (int i = 0; i < 3; ++i) EXPECT_EQ(drain(reader), "!bare LF");
  reader.append(bytes_of("good\r\n"));
  EXPECT_EQ(drain(reader), "!bare LF");
}

TEST(LineReader, ShowsWhatIsBufferedBehindStartTls) {
  LineReader reader(kMaxCommandLine);
  reader.append(bytes_of("STARTTLS\r\nMAIL FROM:<injected@x>\r\n"));
  EXPECT_EQ(reader.next().line, "STARTTLS");
  EXPECT_EQ(text_of(reader.buffered()), "MAIL FROM:<injected@x>\r\n");
}

TEST(LineReader, GivesTheRestToTheDataPhase) {
  LineReader reader(kMaxCommandLine);
  reader.append(bytes_of("DATA\r\nbody with \n bare LF is not ours to judge"));
  EXPECT_EQ(reader.next().line, "DATA");
  EXPECT_EQ(text_of(reader.take_rest()), "body with \n bare LF is not ours to judge");
  EXPECT_TRUE(reader.buffered().empty());
  EXPECT_EQ(drain(reader), "+");
}

TEST(LineReader, ConsumesInPlace) {
  LineReader reader(kMaxCommandLine);
  reader.append(bytes_of("body\r\n.\r\nQUIT\r\n"));
  reader.consume(9);
  EXPECT_EQ(drain(reader), "QUIT|+");
}

/// Read in pieces that never end with a line, so that something is always left over.
TEST(LineReader, KeepsItsBufferSmallOverManyLines) {
  const std::string_view line = "NOOP\r\n";
  LineReader reader(kMaxCommandLine);
  std::set<const std::byte*> places;
  std::size_t lines = 0;
  for (std::size_t read = 0; read < 60'000;) {
    const auto room = reader.prepare(7);
    places.insert(room.data());
    for (std::byte& byte : room) byte = static_cast<std::byte>(line[read++ % line.size()]);
    reader.commit(room.size());
    while (reader.next().state == LineReader::State::kLine) ++lines;
  }
  EXPECT_GE(lines, 9'999U);
  EXPECT_LT(places.size(), 100U);  // the same few bytes again and again
}

}  // namespace
}  // namespace privyseal::smtp
