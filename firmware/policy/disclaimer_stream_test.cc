#include "firmware/policy/disclaimer_stream.h"

#include <gmock/gmock.h>

#include <random>

namespace privyseal::policy {
namespace {

using Outcome = DisclaimerStream::Outcome;

const std::string kText = "For you alone.\n.Nobody else";
const std::string kPlain = "\r\nFor you alone.\r\n..Nobody else\r\n";
const std::string kQuoted = "\r\nFor you alone.\r\n=2ENobody else\r\n";
const std::string kHtml = "\r\n<p>For you alone.<br>\r\n..Nobody else</p>\r\n";
const std::string kQuotedHtml = "\r\n<p>For you alone.<br>\r\n=2ENobody else</p>\r\n";

Disclaimer made_of(const std::string& text) {
  return {.plain = plain_disclaimer(text).value(), .html = html_disclaimer(html_of(text)).value()};
}

struct Passed {
  std::string mail;
  Outcome outcome;
  bool operator==(const Passed&) const = default;
};

/// `size` gives how long the next piece is; 0: all of the rest.
template <class Size>
Passed passed(const Disclaimer& disclaimer, std::string_view mail, const DisclaimerRoom& room, Size size) {
  const std::size_t at = find_body(mail, 0).value_or(0);
  const std::string header(mail.substr(0, at));
  DisclaimerStream stream(disclaimer, parse_header(header), at, room);
  std::string out = header;
  for (std::string_view rest = mail.substr(at); !rest.empty();) {
    const std::size_t next = size();
    const std::string piece(rest.substr(0, next == 0 ? rest.size() : next));
    out += stream.feed(piece);
    rest.remove_prefix(piece.size());
  }
  out += stream.end();
  EXPECT_EQ(stream.end(), "");
  return {.mail = out, .outcome = stream.outcome()};
}

Passed whole(const std::string& mail, const DisclaimerRoom& room = {},
             const Disclaimer& disclaimer = made_of(kText)) {
  return passed(disclaimer, mail, room, [] { return std::size_t{0}; });
}

/// `mail` has a # where the disclaimer is put in, or none.
struct Row {
  std::string name;
  std::string mail;
  std::string added;
  Outcome outcome = Outcome::kAdded;
  std::string added_next = "";  ///< at a second #
};

std::string filled(const Row& row, bool with) {
  std::string mail = row.mail;
  for (const std::string& text : {row.added, row.added_next})
    if (const auto at = mail.find('#'); at != std::string::npos) mail.replace(at, 1, with ? text : "");
  return mail;
}

/// A multipart of these parts, each of them with its header.
std::string multipart(const std::string& kind, const std::string& boundary,
                      const std::vector<std::string>& parts) {
  std::string text =
      "Content-Type: multipart/" + kind + ";\r\n boundary=\"" + boundary + "\"\r\n\r\npreamble\r\n";
  for (const std::string& part : parts) text.append("--").append(boundary).append("\r\n").append(part);
  return text + "--" + boundary + "--\r\n";
}

const std::string kPlainPart = "Content-Type: text/plain; charset=utf-8\r\n\r\nDear B\r\n#";
const std::string kHtmlPart =
    "Content-Type: text/html\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n<p>Dear B</p></html>\r\n#";
const std::string kImage =
    "Content-Type: image/png; name=a b.png\r\nContent-Transfer-Encoding: base64\r\n\r\nAAAA\r\n";

std::vector<Row> added_rows() {
  return {
      {"NoContentType", "Subject: x\r\n\r\nDear B\r\n#", kPlain},
      {"EmptyBody", "Subject: x\r\n\r\n#", kPlain},
      {"NoField", "\r\nDear B\r\n#", kPlain},
      {"Plain", "Content-Type: text/plain; charset=us-ascii\r\n\r\nDear B\r\n..\r\n#", kPlain},
      {"Latin1", "Content-Type: text/plain; charset=\"ISO-8859-1\"\r\n\r\nDear B\r\n#", kPlain},
      {"EightBit", "Content-Transfer-Encoding: 8bit\r\n\r\nDear \xC3\xA9\r\n#", kPlain},
      {"Quoted", "Content-Transfer-Encoding: Quoted-Printable\r\n\r\nDear=20B=\r\n#", kQuoted},
      {"Inline", "Content-Disposition: inline\r\n\r\nDear B\r\n#", kPlain},
      {"Html", "Content-Type: text/html\r\n\r\n<p>Dear B</p></body></html>\r\n#", kHtml},
      {"QuotedHtml",
       "Content-Type: TEXT/HTML\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n<p>=3C\r\n#",
       kQuotedHtml},
      {"HtmlWithALoneLt", "Content-Type: text/html\r\n\r\na < b\r\n#", kHtml},
      {"HtmlNearlyLikeIt", "Content-Type: text/html\r\n\r\n<b>For you\r\nalone.</b>Nobody else\r\n#", kHtml},
      {"PartOfIt", "A: b\r\n\r\nFor you alone.\r\n#", kPlain},
      {"ADashedText", "A: b\r\n\r\n-----BEGIN PG\r\n#", kPlain},
      {"Alternative", multipart("alternative", "b", {kPlainPart, kHtmlPart}), kPlain, Outcome::kAdded,
       kQuotedHtml},
      {"AlternativeOfOneText", multipart("alternative", "b", {kPlainPart, kImage}), kPlain},
      {"SecondTextIsNone",
       multipart("alternative", "b", {kPlainPart, "Content-Type: text/plain\r\n\r\nanother\r\n"}), kPlain},
      {"Mixed", multipart("mixed", "=_a b?", {kPlainPart, kImage}), kPlain},
      {"AttachedTextIsNone", multipart("mixed", "b", {kPlainPart, "Content-Type: text/html\r\n\r\n<p>\r\n"}),
       kPlain},
      {"MixedOfAlternative",
       multipart("mixed", "b", {multipart("alternative", "c", {kPlainPart, kHtmlPart}), kImage}), kPlain,
       Outcome::kAdded, kQuotedHtml},
      {"RelatedInAlternative",
       multipart(
           "mixed", "b",
           {multipart("alternative", "c", {kPlainPart, multipart("related", "d", {kHtmlPart, kImage})})}),
       kPlain, Outcome::kAdded, kQuotedHtml},
      {"PartWithoutHeader",
       "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nDear B\r\n#--b--\r\n", kPlain},
      {"PaddedBoundary", "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b  \r\n\r\nx\r\n#--b \t\r\n",
       kPlain},
      {"DashesInTheText",
       "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\n--\r\n-- \r\n--x\r\n-\r\n" +
           ("--" + std::string(500, '-')) + "\r\n#--b--\r\n",
       kPlain},
      {"SignedMailIsAttached",
       multipart("mixed", "b", {kPlainPart, "Content-Type: multipart/signed; boundary=c\r\n\r\n--c\r\n"}),
       kPlain},
  };
}

std::vector<Row> unchanged_rows() {
  const auto left = Outcome::kUnsuited;
  const auto sealed = Outcome::kProtected;
  const std::string inner = "Content-Type: text/plain\r\n\r\nx\r\n";
  return {
      {"Base64", "Content-Transfer-Encoding: base64\r\n\r\nRGVhcg==\r\n", "", left},
      {"Binary", "Content-Transfer-Encoding: binary\r\n\r\nx\r\n", "", left},
      {"UnknownEncoding", "Content-Transfer-Encoding: 7bit (x)\r\n\r\nx\r\n", "", left},
      {"Utf16", "Content-Type: text/plain; charset=utf-16\r\n\r\nx\r\n", "", left},
      {"Utf7", "Content-Type: text/plain; charset=utf-7\r\n\r\nx\r\n", "", left},
      {"CharsetInPieces", "Content-Type: text/plain; charset*0=utf-; charset*1=7\r\n\r\nx\r\n", "", left},
      {"Calendar", "Content-Type: text/calendar\r\n\r\nx\r\n", "", left},
      {"Report", multipart("report", "b", {inner}), "", left},
      {"Image", kImage, "", left},
      {"NotWellFormed", "Content-Type: text/plain; charset\r\n\r\nx\r\n", "", left},
      {"EmptyType", "Content-Type:\r\n\r\nx\r\n", "", left},
      {"TwoTypes", "Content-Type: text/plain\r\nContent-Type: text/plain\r\n\r\nx\r\n", "", left},
      {"NoFieldAtAll", "Subject: x\r\nhello\r\n\r\nx\r\n", "", left},
      {"File", "Content-Disposition: attachment\r\n\r\nx\r\n", "", left},
      {"NamedFile", "Content-Disposition: inline; filename*=utf-8''a\r\n\r\nx\r\n", "", left},
      {"OldNamedFile", "Content-Type: text/plain; name=a.txt\r\n\r\nx\r\n", "", left},
      {"Md5", "Content-MD5: Q2hlY2sgSW50ZWdyaXR5IQ==\r\n\r\nx\r\n", "", left},
      {"NoLastLineEnd", "A: b\r\n\r\nx", "", left},
      {"OpenTag", "Content-Type: text/html\r\n\r\n<a href=\r\n", "", left},
      {"OpenComment", "Content-Type: text/html\r\n\r\n<!-- x\r\n", "", left},
      {"NoBoundary", "Content-Type: multipart/mixed\r\n\r\n--\r\n\r\nx\r\n--\r\n", "", left},
      {"EmptyBoundary", "Content-Type: multipart/mixed; boundary=\"\"\r\n\r\n--\r\n\r\nx\r\n--\r\n", "",
       left},
      {"LongBoundary", multipart("mixed", std::string(71, 'b'), {inner}), "", left},
      {"EncodedMultipart", "Content-Transfer-Encoding: base64\r\n" + multipart("mixed", "b", {inner}), "",
       left},
      {"AttachmentFirst", multipart("mixed", "b", {kImage, inner}), "", left},
      {"TextIsAFile", multipart("mixed", "b", {"Content-Disposition: attachment\r\n\r\nx\r\n"}), "", left},
      {"NeverEnds", "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nx\r\n", "", left},
      {"NoEmptyLine", "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nA: b\r\n--b--\r\n", "", left},
      {"NearlyABoundary",
       "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nx\r\n--bc\r\n--b--\r\n", "", left},
      {"EndsInsideOfAnother",
       "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: multipart/mixed; "
       "boundary=c\r\n\r\n"
       "--c\r\n\r\nx\r\n--b--\r\n",
       "", left},
      {"BoundaryBeginsLikeAnother", multipart("mixed", "b", {multipart("mixed", "bc", {inner})}), "", left},
      {"TooDeep",
       multipart("mixed", "b",
                 {multipart("mixed", "c",
                            {multipart("mixed", "d",
                                       {multipart("mixed", "e", {multipart("mixed", "f", {inner})})})})}),
       "", left},
      {"RootIsAnother", multipart("related; start=x", "b", {inner}), "", left},
      {"HugePartHeader",
       "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nA: " + std::string(9000, 'x') +
           "\r\n\r\nx\r\n--b--\r\n",
       "", left},
      {"SmimeSigned", multipart("signed; protocol=\"application/pkcs7-signature\"", "b", {inner}), "",
       sealed},
      {"PgpEncrypted", multipart("encrypted", "b", {inner}), "", sealed},
      {"SmimeEncrypted", "Content-Type: application/pkcs7-mime; smime-type=enveloped-data\r\n\r\nMIIB\r\n",
       "", sealed},
      {"OldSmime", "Content-Type: application/x-pkcs7-mime\r\n\r\nMIIB\r\n", "", sealed},
      {"Dkim", "DKIM-Signature: v=1\r\n\r\nx\r\n", "", sealed},
      {"OldDomainKeys", "DomainKey-Signature: a\r\n\r\nx\r\n", "", sealed},
      {"Arc", "ARC-Seal: i=1\r\n\r\nx\r\n", "", sealed},
      {"InlinePgp", "A: b\r\n\r\n-----BEGIN PGP SIGNED MESSAGE-----\r\nx\r\n", "", sealed},
      {"QuotedPgp", "Content-Transfer-Encoding: quoted-printable\r\n\r\n=2D----BEGIN=20PGP MESSAGE-----\r\n",
       "", sealed},
      {"PgpInHtml", "Content-Type: text/html\r\n\r\n<pre>-----BEGIN <b>PGP</b></pre>\r\n", "", sealed},
      {"PgpInTheFirstOfTwo",
       multipart("alternative", "b",
                 {"\r\n-----BEGIN PGP MESSAGE-----\r\n", "Content-Type: text/html\r\n\r\n<p>\r\n"}),
       "", sealed},
      {"SignedPart", multipart("mixed", "b", {multipart("signed", "c", {inner})}), "", sealed},
  };
}

std::vector<Row> present_rows() {
  const auto there = Outcome::kPresent;
  return {
      {"AtTheEnd", "A: b\r\n\r\nDear B\r\n" + kPlain, "", there},
      {"NotAtTheEnd", "A: b\r\n\r\n" + kPlain + "And so on\r\n", "", there},
      {"InQuotedMail", "A: b\r\n\r\nYes.\r\n> For you\r\n> alone.\r\n> >.Nobody  else\r\n", "", there},
      {"BehindItsBeginning", "A: b\r\n\r\nFor you For you alone. .Nobody else\r\n", "", there},
      {"QuotedPrintable",
       "Content-Transfer-Encoding: quoted-printable\r\n\r\nFor you=20al=\r\none.=2e=4eobody = \r\nelse\r\n",
       "", there},
      {"InHtml", "Content-Type: text/html\r\n\r\n<div>For <b>you</b>\r\nalone.</div>.Nobody else</p>\r\n", "",
       there},
      {"InBothParts",
       multipart("alternative", "b", {"\r\nx\r\n" + kPlain, "Content-Type: text/html\r\n\r\n" + kHtml}), "",
       there},
  };
}

void expect_row(const Row& row) {
  SCOPED_TRACE(row.name);
  const Passed got = whole(filled(row, false));
  EXPECT_EQ(got.outcome, row.outcome);
  EXPECT_EQ(got.mail, filled(row, true));
}

TEST(DisclaimerStream, PutsItBelowTheText) {
  for (const Row& row : added_rows()) expect_row(row);
}

TEST(DisclaimerStream, LeavesEveryOtherMailAsItIs) {
  for (const Row& row : unchanged_rows()) expect_row(row);
}

TEST(DisclaimerStream, FindsItWhereItIs) {
  for (const Row& row : present_rows()) expect_row(row);
}

TEST(DisclaimerStream, PutsItOnceIntoWhatHasItAlreadyInPart) {
  const std::string html = "Content-Type: text/html\r\n\r\n<p>\r\n";
  const Passed got = whole(multipart("alternative", "b", {"\r\nx\r\n" + kPlain, html}));
  EXPECT_EQ(got.outcome, Outcome::kAdded);
  EXPECT_EQ(got.mail, multipart("alternative", "b", {"\r\nx\r\n" + kPlain, html + kHtml}));
}

/// Latin letters may be added to what is UTF-8, and as they are only where the next hop takes them.
TEST(DisclaimerStream, AddsLettersBeyondAsciiOnlyWhereTheyCanBeRead) {
  const Disclaimer disclaimer = made_of("Only for Jos\xC3\xA9 alone");
  const auto outcome = [&](const std::string& charset, const std::string& encoding, bool eight_bit) {
    const std::string mail =
        "Content-Type: text/plain" + charset + "\r\nContent-Transfer-Encoding: " + encoding + "\r\n\r\nx\r\n";
    const Passed got = whole(mail, {.eight_bit = eight_bit}, disclaimer);
    EXPECT_EQ(got.outcome == Outcome::kAdded, got.mail != mail);
    return got.outcome;
  };
  const std::string utf8 = "; charset=UTF-8";
  EXPECT_EQ(outcome(utf8, "8bit", true), Outcome::kAdded);
  EXPECT_EQ(outcome(utf8, "8bit", false), Outcome::kUnsuited);
  EXPECT_EQ(outcome(utf8, "7bit", true), Outcome::kUnsuited);
  EXPECT_EQ(outcome(utf8, "quoted-printable", false), Outcome::kAdded);
  EXPECT_EQ(outcome("; charset=iso-8859-1", "quoted-printable", true), Outcome::kUnsuited);
  EXPECT_EQ(outcome("; charset=us-ascii", "8bit", true), Outcome::kUnsuited);
  EXPECT_EQ(outcome("", "8bit", true), Outcome::kUnsuited);
  EXPECT_EQ(whole("Content-Type: text/html\r\n\r\nx\r\n", {}, disclaimer).outcome, Outcome::kAdded);
}

TEST(DisclaimerStream, NeverMakesAMailTooLong) {
  const std::string mail = "A: b\r\n\r\nDear B\r\n";
  const std::string parts = multipart("mixed", "b", {"\r\nDear B\r\n"});
  const std::uint64_t growth = made_of(kText).growth_bytes();
  const auto is_added = [](const std::string& text, const DisclaimerRoom& room) {
    return whole(text, room).outcome == Outcome::kAdded;
  };
  EXPECT_TRUE(is_added(mail, {.most_bytes = 100 + growth, .told_bytes = 100}));
  EXPECT_FALSE(is_added(mail, {.most_bytes = 99 + growth, .told_bytes = 100}));
  EXPECT_FALSE(is_added(mail, {.most_bytes = 99, .told_bytes = 100}));
  EXPECT_TRUE(is_added(parts, {.most_bytes = 100 + growth, .told_bytes = 100}));
  EXPECT_FALSE(is_added(parts, {.most_bytes = 99 + growth, .told_bytes = 100}));
  const std::string much = mail + std::string(2 * growth, 'x') + "\r\n";
  EXPECT_FALSE(is_added(much, {.most_bytes = 10 + growth, .told_bytes = 10}));  // it was more than was told
  // Not told: known at the end of a text that is the whole mail.
  EXPECT_TRUE(is_added(mail, {.most_bytes = mail.size() + kPlain.size()}));
  EXPECT_FALSE(is_added(mail, {.most_bytes = mail.size() + kPlain.size() - 1}));
  EXPECT_FALSE(is_added(parts, {.most_bytes = 1'000'000}));
}

/// Random mails out of the pieces that matter, cut in random places.
TEST(DisclaimerStream, AnyCutGivesTheSameAndASecondPassAddsNothing) {
  const Disclaimer disclaimer = made_of(kText);
  std::mt19937 random(4711);
  const auto below = [&](std::size_t most) { return static_cast<std::size_t>(random() % most); };
  std::vector<std::string> pieces{"\r\n",
                                  "\r\n\r\n",
                                  "--b\r\n",
                                  "--b--\r\n",
                                  "--c\r\n",
                                  "--c--\r\n",
                                  "--",
                                  "-",
                                  ".",
                                  "=",
                                  "<",
                                  ">",
                                  "<b",
                                  "x",
                                  "=\r\n",
                                  "--b",
                                  "--c \r\n",
                                  "For you alone.",
                                  "-----BEGIN PGP",
                                  "Content-Type: text/html\r\n\r\n",
                                  "Content-Transfer-Encoding: quoted-printable\r\n\r\n",
                                  "Content-Type: multipart/related; boundary=c\r\n\r\n",
                                  kPlain,
                                  kHtml,
                                  kQuoted};
  std::size_t added = 0;
  for (int round = 0; round < 1500; ++round) {
    constexpr std::array kTypes{"text/html", "text/plain", "multipart/mixed; boundary=b",
                                "multipart/alternative; boundary=b"};
    std::string mail = "Content-Type: " + std::string(kTypes.at(below(kTypes.size()))) + "\r\n\r\n";
    for (std::size_t i = below(30); i > 0; --i) mail += pieces.at(below(pieces.size()));
    if (below(2) == 0) mail += "\r\n--b--\r\n";
    const Passed once = passed(disclaimer, mail, {}, [] { return std::size_t{0}; });
    EXPECT_EQ(passed(disclaimer, mail, {}, [&] { return 1 + below(9); }), once) << mail;
    EXPECT_EQ(passed(disclaimer, mail, {}, [] { return std::size_t{1}; }), once) << mail;
    EXPECT_EQ(once.outcome == Outcome::kAdded, once.mail != mail) << mail;
    const Passed twice = passed(disclaimer, once.mail, {}, [] { return std::size_t{0}; });
    EXPECT_EQ(twice.mail, once.mail) << mail;
    if (once.outcome == Outcome::kAdded) {
      ++added;
      EXPECT_EQ(twice.outcome, Outcome::kPresent) << mail;
    }
    if (testing::Test::HasFailure()) return;
  }
  EXPECT_GT(added, 200U);  // else the mails are too odd
}

/// What has come may have gone on already: a mail's memory does not grow with it.
TEST(DisclaimerStream, HoldsBackNoMoreThanALine) {
  const std::string mail = multipart("alternative", "b", {"\r\n" + std::string(300'000, 'x') + "\r\n"});
  const std::size_t at = find_body(mail, 0).value_or(0);
  const std::string header = mail.substr(0, at);
  const Disclaimer disclaimer = made_of(kText);
  DisclaimerStream stream(disclaimer, parse_header(header), at, {});
  std::size_t in = 0;
  std::size_t out = 0;
  for (const char c : std::string_view(mail).substr(at)) {
    ++in;
    out += stream.feed({&c, 1}).size();
    ASSERT_LE(in, out + 200 + kPlain.size());
  }
}

}  // namespace
}  // namespace privyseal::policy
