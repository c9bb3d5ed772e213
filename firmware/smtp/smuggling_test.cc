// The list of ways to smuggle mail, held against the parsers, for every split of the bytes.
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <string_view>

#include "firmware/smtp/dot_stream.h"
#include "firmware/smtp/line_reader.h"
#include "firmware/smtp/reply_reader.h"
#include "tests/support/smuggling_rows.h"

namespace privyseal::smtp {
namespace {

using test::SmugglingRow;

const std::string kSecondMail = "MAIL FROM:<mallory@lawfirm.example>\r\nRCPT TO:<x@a.cjsm.net>\r\nDATA\r\n";

std::string message_with(const SmugglingRow& row) {
  return "Subject: x\r\n\r\nfirst" + row.bytes + kSecondMail + "second\r\n.\r\n";
}

struct Seen {
  DotStream::State state = DotStream::State::kMore;
  std::string forwarded;
  bool operator==(const Seen&) const = default;
};

Seen read_body(std::string_view input, std::size_t split) {
  DotStream stream;
  Seen seen;
  for (const std::string_view part : {input.substr(0, split), input.substr(split)}) {
    const auto step = stream.feed(bytes_of(part));
    seen.state = step.state;
    seen.forwarded += text_of(step.held);
    seen.forwarded += text_of(step.forward);
    if (step.state != DotStream::State::kMore) return seen;
  }
  return seen;
}

TEST(SmugglingRows, AreMany) {
  std::set<std::string> bytes;
  for (const auto& rows : {test::refused_ends_of_data(), test::texts_that_end_nothing()})
    for (const SmugglingRow& row : rows) EXPECT_TRUE(bytes.insert(row.bytes).second) << row.name;
  EXPECT_GE(bytes.size(), 60U);
}

TEST(Smuggling, RefusesEveryOtherEndOfData) {
  for (const SmugglingRow& row : test::refused_ends_of_data()) {
    const std::string input = message_with(row);
    for (std::size_t split = 0; split <= input.size(); ++split)
      EXPECT_EQ(read_body(input, split).state, DotStream::State::kViolation) << row.name << " " << split;
  }
}

TEST(Smuggling, TakesLookalikesForText) {
  for (const SmugglingRow& row : test::texts_that_end_nothing()) {
    const std::string input = message_with(row);
    const Seen expected{DotStream::State::kEnd, input.substr(0, input.size() - kEndOfData.size())};
    for (std::size_t split = 0; split <= input.size(); ++split)
      EXPECT_EQ(read_body(input, split), expected) << row.name << " " << split;
  }
}

TEST(Smuggling, RefusesEveryOtherEndOfACommand) {
  for (const SmugglingRow& row : test::refused_command_lines()) {
    for (std::size_t split = 0; split <= row.bytes.size(); ++split) {
      LineReader reader(kMaxCommandLine);
      reader.append(bytes_of(std::string_view(row.bytes).substr(0, split)));
      LineReader::Next next = reader.next();
      EXPECT_NE(next.state, LineReader::State::kLine) << row.name << " " << split;
      reader.append(bytes_of(std::string_view(row.bytes).substr(split)));
      EXPECT_EQ(reader.next().state, LineReader::State::kFault) << row.name << " " << split;
    }
  }
}

/// The driver ends the connection when anything is buffered; so it must be seen to be.
TEST(Smuggling, ShowsWhatCameBehindACommandThatEndsAGroup) {
  for (const auto& rows : {test::behind_start_tls(), test::behind_data()}) {
    for (const SmugglingRow& row : rows) {
      LineReader reader(kMaxCommandLine);
      reader.append(bytes_of("DATA\r\n" + row.bytes));
      EXPECT_EQ(reader.next().line, "DATA");
      EXPECT_EQ(text_of(reader.buffered()), row.bytes) << row.name;
    }
  }
}

TEST(Smuggling, RefusesEveryOtherReply) {
  for (const SmugglingRow& row : test::refused_replies()) {
    ReplyReader reader;
    Result<std::optional<Reply>> last = std::nullopt;
    for (const char byte : row.bytes) {
      reader.prepare()[0] = static_cast<std::byte>(byte);
      reader.commit(1);
      last = reader.next();
      if (!last) break;
      EXPECT_FALSE(last->has_value()) << row.name;
    }
    EXPECT_FALSE(last.has_value()) << row.name;
  }
}

}  // namespace
}  // namespace privyseal::smtp
