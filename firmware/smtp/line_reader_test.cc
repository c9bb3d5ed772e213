#include "firmware/smtp/line_reader.h"

#include <gtest/gtest.h>

#include <cstring>
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
    if (next.state == LineReader::State::kFault) return seen + "!" + std::string(to_string(*next.fault));
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

class LineReaderCases : public testing::TestWithParam<Case> {};

TEST_P(LineReaderCases, GivesTheSameForEverySplit) {
  const Case& c = GetParam();
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

INSTANTIATE_TEST_SUITE_P(, LineReaderCases,
                         testing::ValuesIn(std::vector<Case>{
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
                         }),
                         [](const auto& c) { return std::string(c.param.name); });

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

TEST(LineReader, KeepsItsBufferSmallOverManyLines) {
  LineReader reader(kMaxCommandLine);
  const auto* first = reader.prepare(100).data();
  for (int i = 0; i < 10'000; ++i) {
    auto room = reader.prepare(8);
    std::memcpy(room.data(), "OOP\r\nNO\0", 7);
    if (i == 0) std::memcpy(room.data(), "NOOP\r\nN", 7);
    reader.commit(7);
    ASSERT_EQ(reader.next().state, LineReader::State::kLine);
    if (i == 0) reader.append(bytes_of("O"));
  }
  EXPECT_EQ(reader.prepare(8).data() - first < 100, true);
}

}  // namespace
}  // namespace privyseal::smtp
