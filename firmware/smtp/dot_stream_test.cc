#include "firmware/smtp/dot_stream.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "firmware/smtp/header_scan.h"

namespace privyseal::smtp {
namespace {

using namespace std::string_literals;

struct Outcome {
  DotStream::State state = DotStream::State::kMore;
  Violation why = Violation::kNone;
  std::string forwarded;
  std::string behind;  ///< what was left to the caller after the end
  std::uint64_t size_bytes = 0;
  bool operator==(const Outcome&) const = default;
};

/// Feeds the chunks; what is forwarded in a session that ends in a violation does not matter.
Outcome run(const std::vector<std::string_view>& chunks) {
  DotStream stream;
  Outcome outcome;
  for (const std::string_view chunk : chunks) {
    if (outcome.state == DotStream::State::kEnd) {
      outcome.behind += chunk;
      continue;
    }
    const auto step = stream.feed(bytes_of(chunk));
    outcome.state = step.state;
    outcome.why = step.why;
    outcome.forwarded += text_of(step.held);
    outcome.forwarded += text_of(step.forward);
    outcome.behind += chunk.substr(step.consumed);
  }
  outcome.size_bytes = stream.size_bytes();
  if (outcome.state == DotStream::State::kViolation) {
    outcome.forwarded.clear();
    outcome.size_bytes = 0;
  }
  return outcome;
}

Outcome run_whole(std::string_view input) { return run({input}); }

Outcome run_byte_by_byte(std::string_view input) {
  std::vector<std::string_view> chunks;
  chunks.reserve(input.size());
  for (std::size_t i = 0; i < input.size(); ++i) chunks.push_back(input.substr(i, 1));
  return run(chunks);
}

struct Case {
  const char* name;
  std::string input;
  Violation why;
};

using enum Violation;
const std::vector<Case> kSmugglingCases{
    {"LfDotLf", "\n.\n", kBareLf},
    {"LfDotCrLf", "\n.\r\n", kBareLf},
    {"LfDotCr", "\n.\r", kBareLf},
    {"CrDotCr", "\r.\r", kBareCr},
    {"CrDotLf", "\r.\n", kBareCr},
    {"CrDotCrLf", "\r.\r\n", kBareCr},
    {"CrLfDotLf", "\r\n.\n", kBareLf},
    {"CrLfDotCr", "\r\n.\r", kBareCr},
    {"CrLfDotCrCrLf", "\r\n.\r\r\n", kBareCr},
    {"CrCrLfDotCrLf", "\r\r\n.\r\n", kBareCr},
    {"CrLfDotCrNulLf", "\r\n.\r\0\n"s, kBareCr},
    {"CrLfNulDotCrLf", "\r\n\0.\r\n"s, kNul},
    {"CrLfDotNulCrLf", "\r\n.\0\r\n"s, kNul},
    {"CrNulLfDotCrLf", "\r\0\n.\r\n"s, kBareCr},
    {"NulCrLf", "\0\r\n"s, kNul},
    {"LfCr", "\n\r", kBareLf},
    {"LfLf", "\n\n", kBareLf},
    {"CrCr", "\r\r", kBareCr},
    {"LfAlone", "\n", kBareLf},
    {"CrAlone", "\r", kBareCr},
    {"NulAlone", "\0"s, kNul},
    {"DotDotLf", "\r\n..\n", kBareLf},
    {"DotDotCr", "\r\n..\r.\r\n", kBareCr},
    {"LongLine", std::string(1000, 'x') + "\r\n", kLineTooLong},
    {"LongLineThenLf", std::string(1000, 'x') + "\n.\n", kLineTooLong},
    {"LongLineThenNul", std::string(1000, 'x') + "\0"s, kLineTooLong},
};

TEST(Smuggling, IsAViolationForEverySplit) {
  for (const Case& c : kSmugglingCases) {
    SCOPED_TRACE(c.name);
    const std::string input =
        "Subject: x\r\n\r\nfirst mail" + c.input + "MAIL FROM:<admin@cjsm.net>\r\n.\r\n";
    for (std::size_t split = 0; split <= input.size(); ++split) {
      const auto outcome =
          run({std::string_view(input).substr(0, split), std::string_view(input).substr(split)});
      EXPECT_EQ(outcome.state, DotStream::State::kViolation);
      EXPECT_EQ(outcome.why, c.why) << "split at " << split;
    }
    EXPECT_EQ(run_byte_by_byte(input).why, c.why);
  }
}

struct Good {
  const char* name;
  std::string input;
  std::string forwarded;
  std::uint64_t size_bytes;
};

const std::string kLongest(998, 'x');
const std::vector<Good> kGoodMailCases{
    {"Empty", ".\r\n", "", 0},
    {"OneLine", "a\r\n.\r\n", "a\r\n", 3},
    {"EmptyLines", "\r\n\r\n.\r\n", "\r\n\r\n", 4},
    {"StuffedDot", "..\r\n.\r\n", "..\r\n", 3},
    {"StuffedDots", "....x\r\n.\r\n", "....x\r\n", 6},
    {"DotAndText", ".x\r\n.\r\n", ".x\r\n", 3},
    {"DotInside", "a.\r\n.b\r\n.\r\n", "a.\r\n.b\r\n", 7},
    {"EightBit", "\xc3\xa4\xff\r\n.\r\n", "\xc3\xa4\xff\r\n", 5},
    {"Controls", "\t\x01\x7f\x1b\r\n.\r\n", "\t\x01\x7f\x1b\r\n", 6},
    {"LongestLine", kLongest + "\r\n.\r\n", kLongest + "\r\n", 1000},
    {"LongestStuffedLine", "." + kLongest + "\r\n.\r\n", "." + kLongest + "\r\n", 1000},
};

TEST(GoodMail, PassesUnchangedAndItsEndIsWithheld) {
  for (const Good& c : kGoodMailCases) {
    SCOPED_TRACE(c.name);
    const std::string next = "QUIT\r\n";
    const std::string input = c.input + next;
    for (std::size_t first = 0; first <= input.size(); ++first) {
      for (std::size_t second = first; second <= std::min(input.size(), first + 4); ++second) {
        const std::string_view view = input;
        const auto outcome =
            run({view.substr(0, first), view.substr(first, second - first), view.substr(second)});
        EXPECT_EQ(outcome, (Outcome{DotStream::State::kEnd, kNone, c.forwarded, next, c.size_bytes}))
            << "split at " << first << " and " << second;
      }
    }
    EXPECT_EQ(run_byte_by_byte(input), run_whole(input));
  }
}

TEST(DotStream, RefusesTheFirstByteTooMany) {
  EXPECT_EQ(run_whole(kLongest + "x\r\n").why, kLineTooLong);
  EXPECT_EQ(run_whole(".." + kLongest + "\r\n").why, kLineTooLong);
  EXPECT_EQ(run_whole(kLongest).state, DotStream::State::kMore);
  EXPECT_EQ(run_whole(kLongest + "x").why, kLineTooLong);
  EXPECT_EQ(run_whole(kLongest + "\n").why, kBareLf);
}

TEST(DotStream, WithholdsWhatMayBecomeTheEnd) {
  DotStream stream;
  auto step = stream.feed(bytes_of("a\r"));
  EXPECT_EQ(text_of(step.forward), "a");
  step = stream.feed(bytes_of("\n."));
  EXPECT_EQ(text_of(step.held), "\r");
  EXPECT_EQ(text_of(step.forward), "\n");
  step = stream.feed(bytes_of("\r"));
  EXPECT_TRUE(step.held.empty() && step.forward.empty());
  EXPECT_EQ(step.state, DotStream::State::kMore);
  step = stream.feed(bytes_of("\nRSET\r\n"));
  EXPECT_EQ(step.state, DotStream::State::kEnd);
  EXPECT_TRUE(step.held.empty() && step.forward.empty());
  EXPECT_EQ(step.consumed, 1U);
}

TEST(DotStream, ReleasesADotThatBecameText) {
  DotStream stream;
  EXPECT_TRUE(stream.feed(bytes_of(".")).forward.empty());
  const auto step = stream.feed(bytes_of(".x"));
  EXPECT_EQ(text_of(step.held), ".");
  EXPECT_EQ(text_of(step.forward), ".x");
  EXPECT_EQ(stream.size_bytes(), 2U);
}

TEST(DotStream, StaysViolatedAndEatsTheRest) {
  DotStream stream;
  EXPECT_EQ(stream.feed(bytes_of("a\nb")).why, kBareLf);
  const auto step = stream.feed(bytes_of("\r\n.\r\nMAIL FROM:<x@y>\r\n"));
  EXPECT_EQ(step.state, DotStream::State::kViolation);
  EXPECT_EQ(step.why, kBareLf);
  EXPECT_EQ(step.consumed, 22U);
  EXPECT_TRUE(step.held.empty() && step.forward.empty());
}

TEST(DotStream, TakesEmptyInput) {
  DotStream stream;
  EXPECT_EQ(stream.feed({}).state, DotStream::State::kMore);
  (void)stream.feed(bytes_of("a\r"));
  EXPECT_TRUE(stream.feed({}).held.empty());
  EXPECT_EQ(text_of(stream.feed(bytes_of("\n")).held), "\r");
}

TEST(DotStreamDeathTest, MayNotBeFedAfterItsEnd) {
  DotStream stream;
  (void)stream.feed(bytes_of(".\r\n"));
  EXPECT_DEATH((void)stream.feed(bytes_of("x")), "");
}

/// An independent reading of the rules, one byte at a time and without any buffering tricks.
Outcome reference(std::string_view input) {
  Outcome outcome;
  std::string line;
  for (std::size_t i = 0; i < input.size(); ++i) {
    const char c = input[i];
    const bool after_cr = line.ends_with('\r');
    const std::size_t stuffed = line.starts_with('.') ? 1 : 0;
    Violation why = kNone;
    if (after_cr && c != '\n')
      why = kBareCr;
    else if (c == '\0')
      why = kNul;
    else if (!after_cr && c == '\n')
      why = kBareLf;
    else if (c != '\r' && c != '\n' && !(line.empty() && c == '.') && line.size() - stuffed >= 998)
      why = kLineTooLong;
    if (why != kNone) return {DotStream::State::kViolation, why, "", "", 0};
    line += c;
    if (c != '\n') continue;
    if (line == kEndOfData) {
      outcome.state = DotStream::State::kEnd;
      outcome.behind = input.substr(i + 1);
      return outcome;
    }
    outcome.forwarded += line;
    outcome.size_bytes += line.size() - stuffed;
    line.clear();
  }
  return outcome;
}

/// Cuts `input` at random and runs it.
Outcome run_cut(std::string_view input, std::mt19937& random) {
  std::vector<std::string_view> chunks;
  while (!input.empty()) {
    const std::size_t size = std::min<std::size_t>(input.size(), random() % 7);
    chunks.push_back(input.substr(0, size));
    input.remove_prefix(size);
  }
  return run(chunks);
}

TEST(DotStreamProperty, AgreesWithTheReferenceForEverySplit) {
  std::mt19937 random(20240101);
  const std::vector<std::string> pieces{"\r\n", "\r\n",      "\r\n", ".",  ".",   "a",
                                        "bc",   "\r\n.\r\n", "\r",   "\n", "\0"s, std::string(997, 'x')};
  std::array<int, 3> states{};
  for (int round = 0; round < 20'000; ++round) {
    std::string input;
    const std::size_t kinds = random() % 4 == 0 ? pieces.size() : 8;  // mostly without violations
    for (std::size_t n = random() % 12; n > 0; --n) input += pieces[random() % kinds];
    const Outcome expected = reference(input);
    const Outcome whole = run_whole(input);
    ++states[static_cast<std::size_t>(whole.state)];
    ASSERT_EQ(whole.state, expected.state) << round;
    ASSERT_EQ(whole.why, expected.why) << round;
    ASSERT_TRUE(whole.state == DotStream::State::kMore || whole == expected) << round;
    ASSERT_TRUE(input.starts_with(whole.forwarded)) << round;
    ASSERT_EQ(run_cut(input, random), whole) << round;
  }
  for (const int seen : states) EXPECT_GT(seen, 1000);  // or the property was tested on nothing
}

}  // namespace
}  // namespace privyseal::smtp
