#include "firmware/smtp/reply.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace privyseal::smtp {
namespace {

using namespace std::string_literals;

TEST(Serialise, WritesOneLine) { EXPECT_EQ(serialise(make_reply(250, "2.1.0", "OK")), "250 2.1.0 OK\r\n"); }

TEST(Serialise, WritesWithoutEnhancedCode) { EXPECT_EQ(serialise(make_reply(354, "", "Go")), "354 Go\r\n"); }

TEST(Serialise, RepeatsTheCodesOnEveryLine) {
  EXPECT_EQ(serialise({550, "5.7.1", {"one", "two", ""}}),
            "550-5.7.1 one\r\n550-5.7.1 two\r\n550 5.7.1 \r\n");
}

TEST(Serialise, LetsNoLineEndThrough) {
  EXPECT_EQ(serialise(make_reply(451, "4.0.0", "a\r\n250 OK\n\0\xff\t"s)), "451 4.0.0 a??250 OK????\r\n");
  EXPECT_EQ(serialise(make_reply(451, "4.0\r\n.0", "a")), "451 4.0??.0 a\r\n");
}

TEST(Serialise, KeepsEveryLineWithin512Bytes) {
  const std::string bytes = serialise(make_reply(550, "5.7.1", std::string(5000, 'x')));
  EXPECT_EQ(bytes.size(), 512U);
  EXPECT_TRUE(bytes.ends_with("x\r\n"));
  EXPECT_LE(serialise(make_reply(550, std::string(5000, '5'), std::string(5000, 'x'))).size(), 512U);
}

TEST(SerialiseDeathTest, RefusesWhatIsNoReply) {
  EXPECT_DEATH((void)serialise(Reply()), "");
  EXPECT_DEATH((void)serialise(make_reply(20, "", "")), "");
  EXPECT_DEATH((void)serialise(Reply{250, "", {}}), "");
}

/// What the parser makes of the lines: the reply as we would write it, "more" or the error.
std::string parsed(const std::vector<std::string>& lines) {
  ReplyParser parser;
  for (const std::string& line : lines) {
    const auto fed = parser.feed(line);
    if (!fed) return fed.error().message;
    const std::optional<Reply>& reply = *fed;
    if (!reply) continue;
    std::string shown = std::to_string(reply->code) + "/" + reply->enhanced;
    for (const std::string& text : reply->lines) shown += "/" + text;
    return shown;
  }
  return "more";
}

struct Case {
  const char* name;
  std::vector<std::string> lines;
  std::string expected;
};

const std::vector<Case> kReplies{
    {"OneLine", {"250 OK"}, "250//OK"},
    {"Enhanced", {"250 2.0.0 OK queued as 4XYZ"}, "250/2.0.0/OK queued as 4XYZ"},
    {"LongEnhanced", {"550 5.123.456 No"}, "550/5.123.456/No"},
    {"EnhancedAlone", {"250 2.0.0"}, "250/2.0.0/"},
    {"EnhancedOfOtherClass", {"250 5.0.0 OK"}, "250//5.0.0 OK"},
    {"EnhancedCut", {"250 2.0 OK"}, "250//2.0 OK"},
    {"EnhancedTooLong", {"250 2.0.1234 OK"}, "250//2.0.1234 OK"},
    {"EnhancedEmptyPart", {"250 2..00 OK"}, "250//2..00 OK"},
    {"EnhancedGlued", {"250 2.0.0OK"}, "250//2.0.0OK"},
    {"IntermediateHasNone", {"354 3.0.0 Go"}, "354//3.0.0 Go"},
    {"CodeOnly", {"250"}, "250//"},
    {"CodeAndSpace", {"250 "}, "250//"},
    {"ManyLines", {"250-a", "250-b", "250 c"}, "250//a/b/c"},
    {"ManyEnhanced", {"550-5.1.1 a", "550-b", "550 5.1.1 c"}, "550/5.1.1/a/b/c"},
    {"EnhancedLater", {"550-a", "550 5.1.1 c"}, "550//a/5.1.1 c"},
    {"Unfinished", {"250-a", "250-b"}, "more"},
    {"Dirty", {"550 a\x01\x1b[31m\xffz"}, "550//a??[31m?z"},
    {"Lowest", {"200 x"}, "200//x"},
    {"Highest", {"599 x"}, "599//x"},
};

const std::vector<Case> kNoReplies{
    {"Empty", {""}, "reply: no reply code"},
    {"Text", {"hello"}, "reply: no reply code"},
    {"TwoDigits", {"25"}, "reply: no reply code"},
    {"TwoDigitsAndText", {"25 OK"}, "reply: no reply code"},
    {"Class1", {"150 x"}, "reply: no reply code"},
    {"Class6", {"600 x"}, "reply: no reply code"},
    {"Sign", {"+25 x"}, "reply: no reply code"},
    {"LeadingSpace", {" 250 x"}, "reply: no reply code"},
    {"FourDigits", {"2500 x"}, "reply: no space after the code"},
    {"Glued", {"250OK"}, "reply: no space after the code"},
    {"CodesDiffer", {"250-a", "550 b"}, "reply: its lines have different codes"},
    {"TextBetween", {"250-a", "b", "250 c"}, "reply: no reply code"},
    {"Endless", std::vector<std::string>(101, "250-a"), "reply: too many lines"},
};

void check_parsing(const std::vector<Case>& cases) {
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    EXPECT_EQ(parsed(c.lines), c.expected);
  }
}

TEST(ParseReply, GivesAReply) { check_parsing(kReplies); }

TEST(ParseReply, RefusesWhatIsNoReply) { check_parsing(kNoReplies); }

TEST(ReplyParser, TakesAHundredLines) {
  std::vector<std::string> lines(99, "250-a");
  lines.emplace_back("250 b");
  EXPECT_TRUE(parsed(lines).ends_with("/b"));
}

TEST(ReplyParser, StartsAfreshAfterEachReply) {
  ReplyParser parser;
  ASSERT_TRUE(parser.feed("250 2.1.0 a"));
  const auto second = parser.feed("354 b");
  ASSERT_TRUE(second.has_value());
  EXPECT_EQ(*second, make_reply(354, "", "b"));
}

struct Passed {
  const char* name;
  Reply from_hop;
  std::string sent;
};

const std::vector<Passed> kPassedOnCases{
    {"Accepted", make_reply(250, "2.0.0", "queued as X"), "250 2.0.0 queued as X\r\n"},
    {"AcceptedPlain", make_reply(250, "", "queued"), "250 2.0.0 queued\r\n"},
    {"Refused", {550, "5.1.1", {"a", "b"}}, "550-5.1.1 a\r\n550 5.1.1 b\r\n"},
    {"RefusedPlain", make_reply(554, "", "no"), "554 5.0.0 no\r\n"},
    {"Delayed", make_reply(451, "4.7.1", "greylisted"), "451 4.7.1 greylisted\r\n"},
    {"ItCloses", make_reply(421, "4.3.2", "bye"), "451 4.3.2 bye\r\n"},
    {"ItClosesPlain", make_reply(421, "", "bye"), "451 4.0.0 bye\r\n"},
    {"WantsOurLogIn", make_reply(530, "5.7.0", "authenticate"), "451 4.0.0 authenticate\r\n"},
    {"DislikesOurLogIn", make_reply(535, "5.7.8", "wrong"), "451 4.0.0 wrong\r\n"},
    {"NoVerdict", make_reply(354, "", "go"), "451 4.0.0 go\r\n"},
    {"WrongClass", make_reply(550, "2.0.0", "no"), "550 5.0.0 no\r\n"},
    {"Nothing", Reply{550, "", {}}, "550 5.0.0 \r\n"},
    {"Injection", make_reply(550, "5.7.1", "a\r\n250 2.0.0 OK"), "550 5.7.1 a??250 2.0.0 OK\r\n"},
    {"ManyLines",
     {550, "5.7.1", {"1", "2", "3", "4", "5", "6"}},
     "550-5.7.1 1\r\n550-5.7.1 2\r\n550-5.7.1 3\r\n550-5.7.1 4\r\n550 5.7.1 5\r\n"},
    {"LongLine", make_reply(550, "5.7.1", std::string(900, 'x')),
     "550 5.7.1 " + std::string(300, 'x') + "\r\n"},
};

TEST(PassedOn, IsWhatOurClientMayHear) {
  for (const Passed& c : kPassedOnCases) {
    SCOPED_TRACE(c.name);
    EXPECT_EQ(serialise(passed_on(c.from_hop)), c.sent);
  }
}

TEST(Reply, JoinsItsLinesForTheLedger) {
  EXPECT_EQ((Reply{550, "", {"a", "b\n"}}.text()), "a b?");
  EXPECT_EQ(make_reply(550, "", std::string(3000, 'x')).text().size(), 1000U);
}

TEST(Reply, KnowsItsClass) {
  EXPECT_TRUE(make_reply(250, "", "").is_positive());
  EXPECT_TRUE(make_reply(354, "", "").is_intermediate());
  EXPECT_TRUE(make_reply(451, "", "").is_transient());
  EXPECT_TRUE(make_reply(550, "", "").is_permanent());
  EXPECT_FALSE(make_reply(451, "", "").is_permanent());
}

}  // namespace
}  // namespace privyseal::smtp
