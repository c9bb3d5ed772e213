#include "firmware/smtp/address.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace privyseal::smtp {
namespace {

struct Good {
  const char* name;
  std::string text;
  std::string local;
  std::string domain;
  std::string written;  ///< empty: as `text`
};

const std::vector<Good> kGoodMailboxCases{
    {"Plain", "alice@lawfirm.example", "alice", "lawfirm.example", ""},
    {"CaseOfLocalKept", "Alice@LawFirm.EXAMPLE", "Alice", "lawfirm.example", "Alice@lawfirm.example"},
    {"TrailingDot", "x@lawfirm.example.", "x", "lawfirm.example", "x@lawfirm.example"},
    {"DottedLocal", "a.b.c@x.example", "a.b.c", "x.example", ""},
    {"EverySign", "!#$%&'*+-/=?^_`{|}~@x.example", "!#$%&'*+-/=?^_`{|}~", "x.example", ""},
    {"Quoted", "\"a b\"@x.example", "a b", "x.example", ""},
    {"QuotedAt", "\"a@b.cjsm.net\"@evil.example", "a@b.cjsm.net", "evil.example", ""},
    {"QuotedForNothing", "\"alice\"@x.example", "alice", "x.example", "alice@x.example"},
    {"QuotedPairs", R"("a\"\\\b"@x.example)", R"(a"\b)", "x.example", R"("a\"\\b"@x.example)"},
    {"QuotedDots", "\".a..b.\"@x.example", ".a..b.", "x.example", ""},
    {"OneLabel", "x@localhost", "x", "localhost", ""},
    {"NumbersAndHyphens", "x@1-2.3--4.example", "x", "1-2.3--4.example", ""},
    {"ALabel", "x@xn--bcher-kva.example", "x", "xn--bcher-kva.example", ""},
    {"Postmaster", "PostMaster", "postmaster", "", "postmaster"},
    {"Utf8Local",
     "gr\xc3\xbc\xc3\x9f"
     "e@x.example",
     "gr\xc3\xbc\xc3\x9f"
     "e",
     "x.example", ""},
    {"Utf8Quoted", "\"\xc3\xa4 b\"@x.example", "\xc3\xa4 b", "x.example", ""},
    {"ULabel",
     "x@b\xc3\xbc"
     "cher.EXAMPLE",
     "x",
     "b\xc3\xbc"
     "cher.example",
     "x@b\xc3\xbc"
     "cher.example"},
    {"IdeographicStopIsNoDot", "x@cjsm\xe3\x80\x82net", "x", "cjsm\xe3\x80\x82net", ""},
    {"LongestLocal", std::string(64, 'a') + "@x.example", std::string(64, 'a'), "x.example", ""},
    {"LongestLabel", "x@" + std::string(63, 'a') + ".example", "x", std::string(63, 'a') + ".example", ""},
};

TEST(GoodMailbox, IsParsedAndWrittenBack) {
  for (const Good& c : kGoodMailboxCases) {
    SCOPED_TRACE(c.name);
    const auto address = parse_mailbox(c.text);
    ASSERT_TRUE(address.has_value());
    EXPECT_EQ(address->local, c.local);
    EXPECT_EQ(address->domain, c.domain);
    const std::string written = to_string(*address);
    EXPECT_EQ(written, c.written.empty() ? c.text : c.written);
    EXPECT_EQ(parse_mailbox(written), *address);
  }
}

struct Bad {
  const char* name;
  std::string text;
  AddressFault fault;
};

using enum AddressFault;
const std::vector<Bad> kBadMailboxCases{
    {"Empty", "", kSyntax},
    {"NoDomain", "alice", kSyntax},
    {"NoDomainButAt", "alice@", kSyntax},
    {"NoLocal", "@x.example", kSourceRoute},
    {"SourceRoute", "@relay:x@a.cjsm.net", kSourceRoute},
    {"LongSourceRoute", "@" + std::string(300, 'a') + ":x@y", kSourceRoute},
    {"TwoAts", "a@b@c.example", kSyntax},
    {"DotFirst", ".a@x.example", kSyntax},
    {"DotLast", "a.@x.example", kSyntax},
    {"DotTwice", "a..b@x.example", kSyntax},
    {"Space", "a b@x.example", kSyntax},
    {"SpaceBehindAt", "a@ x.example", kSyntax},
    {"Comment", "a(b)@x.example", kSyntax},
    {"AngleInside", "a<b>@x.example", kSyntax},
    {"Colon", "a:b@x.example", kSyntax},
    {"Latin1Local", "\xe4@x.example", kSyntax},
    {"OverlongLf", "a\xc0\x8a@x.example", kSyntax},
    {"OverlongDot",
     "x@a\xc0\xae"
     "cjsm.net",
     kSyntax},
    {"NextLine", "\"a\xc2\x85\"@x.example", kSyntax},
    {"CutCharacter", "a@x.\xc3", kSyntax},
    {"LiteralV4", "x@[192.0.2.1]", kAddressLiteral},
    {"LiteralV6", "x@[IPv6:2001:db8::1]", kAddressLiteral},
    {"HyphenFirst", "x@-a.example", kSyntax},
    {"HyphenLast", "x@a-.example", kSyntax},
    {"EmptyLabel", "x@a..example", kSyntax},
    {"TwoTrailingDots", "x@a.example..", kSyntax},
    {"OnlyDot", "x@.", kSyntax},
    {"DotFirstInDomain", "x@.example", kSyntax},
    {"Underscore", "x@a_b.example", kSyntax},
    {"LabelOf64", "x@" + std::string(64, 'a') + ".example", kSyntax},
    {"LocalOf65", std::string(65, 'a') + "@x.example", kTooLong},
    {"QuotedLocalOf65", "\"" + std::string(63, ' ') + "\"@x.example", kTooLong},
    {"PathOf257", "abcde@" + std::string(249, 'a'), kTooLong},
    {"EmptyQuotes", "\"\"@x.example", kSyntax},
    {"OpenQuote", "\"abc@x.example", kSyntax},
    {"OpenQuotedPair", "\"abc\\", kSyntax},
    {"TextBehindQuote", "\"a\"b@x.example", kSyntax},
    {"QuotedControl", "\"a\x01\"@x.example", kSyntax},
    {"QuotedCrLf", "\"a\r\nRCPT TO:<b@c>\"@x.example", kSyntax},
    {"QuotedEscapedLf", "\"a\\\n\"@x.example", kSyntax},
    {"QuotedDel", "\"a\x7f\"@x.example", kSyntax},
    {"PostmasterAt", "postmaster@", kSyntax},
};

TEST(BadMailbox, IsRefused) {
  for (const Bad& c : kBadMailboxCases) {
    SCOPED_TRACE(c.name);
    const auto address = parse_mailbox(c.text);
    ASSERT_FALSE(address.has_value());
    EXPECT_EQ(address.error(), c.fault);
  }
}

TEST(Address, LongestDomainIsAcceptedByItself) {
  std::string domain;
  for (int i = 0; i < 4; ++i) domain += std::string(63, 'a') + ".";
  EXPECT_TRUE(is_domain(domain));          // 255 and the trailing dot
  EXPECT_FALSE(is_domain("a." + domain));  // 257
}

struct Vector {
  const char* address;
  bool is_cjsm;
};

TEST(IsCjsmDomain, FollowsLabelBoundariesAndIgnoresCase) {
  for (const auto& [text, is_cjsm] : std::vector<Vector>{
           {"x@police.example.cjsm.net", true},
           {"x@POLICE.EXAMPLE.CJSM.net", true},
           {"x@york.cjsm.net", true},
           {"x@cjsm.net", true},
           {"x@cjsm.net.", true},
           {"x@York.cjsm.net.", true},
           {"x@evilcjsm.net", false},
           {"x@a.cjsm.net.evil.example", false},
           {"\"a@b.cjsm.net\"@evil.example", false},
           {"x@cjsm.network", false},
           {"x@cjsm.ne", false},
           {"x@net", false},
           {"x%a.cjsm.net@lawfirm.example", false},
           {"x@cjsm-net", false},
           {"x@cjsm.net.net", false},
           {"postmaster", false},
           {"x@p\xc3\xb6lice.cjsm.net", true},
           {"x@cjsm\xef\xbc\x8enet", false},  // looks like a dot, and is none
           {"x@\xd1\x81jsm.net", false},      // looks like a c, and is none
       }) {
    const auto address = parse_mailbox(text);
    ASSERT_TRUE(address.has_value()) << text;
    EXPECT_EQ(is_cjsm_domain(address->domain), is_cjsm) << text;
  }
  for (const char* malformed : {"@relay:x@a.cjsm.net", "x@[192.0.2.1]"}) {
    EXPECT_FALSE(parse_mailbox(malformed).has_value()) << malformed;
  }
}

TEST(IsCjsmDomain, TakesDomainsThatWereNotNormalised) {
  EXPECT_TRUE(is_cjsm_domain("CJSM.NET."));
  EXPECT_TRUE(is_cjsm_domain(".cjsm.net"));
  EXPECT_FALSE(is_cjsm_domain(""));
  EXPECT_FALSE(is_cjsm_domain("."));
  EXPECT_FALSE(is_cjsm_domain("cjsm.net.."));
}

TEST(AddressDeathTest, RefusesToWriteWhatNoParserMade) {
  EXPECT_DEATH((void)to_string(Address{"a\r\nDATA", "x.example"}), "");
  EXPECT_DEATH((void)to_string(Address{"a", "x.example>\n"}), "");
}

}  // namespace
}  // namespace privyseal::smtp
