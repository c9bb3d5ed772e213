#include "firmware/policy/header.h"

#include <gmock/gmock.h>

#include "tests/support/cpu_time.h"

namespace privyseal::policy {
namespace {

using testing::ElementsAre;

TEST(Header, IsTakenApartWithoutChangingAByte) {
  const std::string text =
      "From: a@b.example\r\nSUBJECT : one\r\n\ttwo\r\nnot a field\r\n: x\r\nEmpty:\r\nSubject:three\r\n\r\n";
  const Header header = parse_header(text);
  std::string again;
  std::vector<std::string> names;
  for (const Field& field : header.fields) {
    again += field.raw;
    names.push_back(field.name);
  }
  EXPECT_EQ(again + "\r\n", text);
  EXPECT_THAT(names, ElementsAre("from", "subject", "", "", "empty", "subject"));
  EXPECT_THAT(header.values("subject"), ElementsAre("one two", "three"));
  EXPECT_EQ(header.find("empty")->value, "");
  EXPECT_EQ(header.find("to"), nullptr);
}

/// Bare line ends never come here; if they did, no field behind them might go unseen.
TEST(Header, AnOddLineHidesNoField) {
  const Header header = parse_header("\n\r\nX-CJSM-Origin: x\r\n");
  EXPECT_EQ(header.fields.size(), 3U);
  EXPECT_EQ(header.fields.back().name, "x-cjsm-origin");
}

TEST(Header, EndsAtTheFirstEmptyLine) {
  EXPECT_EQ(find_body("\r\nbody", 0), 2U);
  EXPECT_EQ(find_body("A: b\r\n\r\nbody\r\n\r\n", 0), 8U);
  EXPECT_EQ(find_body("A: b\r\n", 0), std::nullopt);
  EXPECT_EQ(find_body("", 0), std::nullopt);
  const std::string text = "A: b\r\n\r\nbody";
  for (std::size_t searched = 0; searched < 8; ++searched)
    EXPECT_EQ(find_body(text, searched), 8U) << searched;
}

TEST(Header, ALineBehindASingleDotIsHidden) {
  for (const char* hides : {".X: y\r\n", ". folded\r\n", "A: b\r\n.X: y\r\nC: d\r\n", "A: b\r\n..c\r\n.d",
                            ".", "A: b\r\n.", "A: b\r\n.\tc\r\n\r\n"})
    EXPECT_TRUE(has_hidden_line(hides)) << hides;
  for (const char* hides_none :
       {"", "A: .b\r\n", "A: b\r\n .c\r\n", "..X: y\r\n", "...\r\n", "A: b.\r\n..\r\n"})
    EXPECT_FALSE(has_hidden_line(hides_none)) << hides_none;
}

struct Word {
  const char* value;
  const char* meaning;
};

TEST(Header, DecodesEncodedWords) {
  for (const auto& [value, meaning] : std::vector<Word>{
           {"plain", "plain"},
           {"=?utf-8?B?W1NFQ1JFVF0=?=", "[SECRET]"},
           {"=?UTF-8?q?=5BSECRET=5D_op?=", "[SECRET] op"},
           {"a =?utf-8?q?TOP?=\t =?utf-8?q?_SECRET?= z", "a TOP SECRET z"},
           {"=?utf-8?q?a?= b =?utf-8?q?c?=", "a b c"},
           {"=?utf-8?q?a=0D=0AX:_b?=", "a  X: b"},
           {"=?utf-8?x?abc?=", "=?utf-8?x?abc?="},
           {"=?utf-8?B?not base64?=", "=?utf-8?B?not base64?="},
           {"=?utf-8?q?open", "=?utf-8?q?open"},
           {"=?a?q?b?c?=", "=?a?q?b?c?="},
           {"=?a?q?=?a?q?b?=", "=?a?q?b"},
           {"=?a?q?"
            "?=b",
            "b"},
           {"=?", "=?"},
           {"=?a?q", "=?a?q"},
           {"=?utf-8?q?100=_%=ZZ?=", "100= %=ZZ"},
       }) {
    EXPECT_EQ(decode_words(value), meaning) << value;
  }
}

/// Four times the text is about four times the work, and would be sixteen times if each beginning of a word
/// were followed to the end of the text.
TEST(Header, WordsThatNeverEndAreReadOnce) {
  for (const char* beginning : {"=?a?q?x", "=?a?b?eA", "=?", "=?a?q?x ", "=?a", "?="}) {
    const auto time_of = [&](std::size_t size_bytes) {
      std::string value;
      while (value.size() < size_bytes) value += beginning;
      return test::cpu_time_of([&] { EXPECT_EQ(decode_words(value), value); });
    };
    EXPECT_LT(time_of(16UL << 10), 8 * time_of(4UL << 10)) << beginning;
  }
}

TEST(Header, FindsTheDomainsOfAddresses) {
  using Domains = std::vector<std::string>;
  for (const auto& [value, domains] : std::vector<std::pair<const char*, Domains>>{
           {"Alice <alice@LawFirm.example>", {"lawfirm.example"}},
           {"a@b.example, \"x@y.example\" <c@d.example.>", {"b.example", "d.example"}},
           {"(a@b.example) c@d.example (e\\)f@g.example)", {"d.example"}},
           {"\"a\\\"@b.example\" <c@d.example>", {"d.example"}},
           {"\"a\"@b.example", {"b.example"}},
           {"undisclosed-recipients:;", {}},
           {"a group: a@b.example, <c@d.example> ;", {"b.example", "d.example"}},
           {"<@a.example,@b.example:c@d.example>", {"a.example", "b.example", "d.example"}},
           {"a@b.example <a@b.example>", {"b.example", "b.example"}},
           {"=?utf-8?q?a=40b.example_=22?= <c@d.example>", {"d.example"}},
           {"a :) b <c@d.example>", {"d.example"}},
           {"", {}},
           {"a@", {""}},
       })
    EXPECT_EQ(domains_in(value), domains) << value;
}

/// What hides an address from us, and perhaps not from the one who reads the mail.
TEST(Header, FindsNoDomainsInWhatCanBeReadDifferently) {
  for (const char* value : {
           "a@b.example \" <c@d.example>",  // a quotation, ...
           "\"a <c@d.example>",
           "a@b.example ( <c@d.example>",  // a comment, ...
           "a@b.example (\\) <c@d.example>",
           "a@b.example ((a) <c@d.example>",
           "a@b.example, <c@d.example",  // a bracket is not closed
           "<a <c@d.example>>",
           "a@b.example>",
           "a@b.example <>",  // or holds nobody
           "a@b.example <\"c@d.example\">",
           "\\\" <c@d.example> \" <a@b.example>",  // an escape where there is nothing to escape
           "a@b.example .d.example",               // a domain goes on
           "a@b.example(x).d.example",
           "a@b.example. d.example",
           "a@b.example_d.example",
           "a@b.example@d.example",
           "a@b.example\\.d.example",
           "a@[192.0.2.1]",
       })
    EXPECT_EQ(domains_in(value), std::nullopt) << value;
}

TEST(Header, MatchesPatterns) {
  const Header header =
      parse_header("List-Id: x\r\nAuto-Submitted: Auto-Generated; a=b\r\nFeedback-ID: 1\r\n");
  EXPECT_TRUE(header.has({.name = "list-", .is_prefix = true, .value = {}}));
  EXPECT_TRUE(header.has({.name = "auto-submitted", .is_prefix = false, .value = "auto-generated"}));
  EXPECT_FALSE(header.has({.name = "auto-submitted", .is_prefix = false, .value = "auto-gen"}));
  EXPECT_FALSE(header.has({.name = "auto-submitted", .is_prefix = false, .value = "auto-replied"}));
  EXPECT_TRUE(header.has({.name = "feedback-id", .is_prefix = false, .value = {}}));
  EXPECT_FALSE(header.has({.name = "feedback", .is_prefix = false, .value = {}}));
}

}  // namespace
}  // namespace privyseal::policy
