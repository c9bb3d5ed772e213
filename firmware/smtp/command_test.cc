#include "firmware/smtp/command.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace privyseal::smtp {
namespace {

using namespace std::string_literals;

template <class... Ts>
struct Overloaded : Ts... {
  using Ts::operator()...;
};

/// A command in one readable line; BadCommand is its codes.
std::string shown(const Command& command) {
  return std::visit(
      Overloaded{
          [](const Ehlo& c) { return "EHLO " + c.domain; },
          [](const Helo& c) { return "HELO " + c.domain; },
          [](const StartTls&) { return "STARTTLS"s; },
          [](const MailFrom& c) {
            return "MAIL " + (c.reverse_path ? to_string(*c.reverse_path) : "null") +
                   (c.size_bytes ? " " + std::to_string(*c.size_bytes) : "") +
                   (c.body == BodyType::k8BitMime ? " 8bit" : "") + (c.smtputf8 ? " utf8" : "") +
                   (c.require_tls ? " tls" : "") + (c.ret.empty() ? "" : " ret " + c.ret) +
                   (c.envid.empty() ? "" : " envid " + c.envid);
          },
          [](const RcptTo& c) {
            return "RCPT " + to_string(c.address) + (c.notify.empty() ? "" : " notify " + c.notify) +
                   (c.orcpt.empty() ? "" : " orcpt " + c.orcpt);
          },
          [](const Data&) { return "DATA"s; },
          [](const Bdat& c) { return "BDAT " + std::to_string(c.size_bytes) + (c.is_last ? " last" : ""); },
          [](const Rset&) { return "RSET"s; },
          [](const Noop&) { return "NOOP"s; },
          [](const Vrfy&) { return "VRFY"s; },
          [](const Quit&) { return "QUIT"s; },
          [](const BadCommand& c) { return std::to_string(c.code) + " " + std::string(c.enhanced); },
      },
      command);
}

struct Case {
  const char* name;
  std::string line;
  std::string expected;
};

const std::vector<Case> kCommands{
    {"Ehlo", "EHLO mail.lawfirm.example", "EHLO mail.lawfirm.example"},
    {"EhloLower", "ehlo x", "EHLO x"},
    {"EhloLiteral", "EHLO [192.0.2.1]", "EHLO [192.0.2.1]"},
    {"EhloLiteral6", "EHLO [IPv6:2001:db8::1]", "EHLO [IPv6:2001:db8::1]"},
    {"Helo", "HELO x.example", "HELO x.example"},
    {"StartTls", "StartTLS", "STARTTLS"},
    {"Data", "DATA", "DATA"},
    {"DataTrailingSpace", "DATA \t ", "DATA"},
    {"Bdat", "BDAT 10", "BDAT 10"},
    {"BdatLast", "bdat 0 last", "BDAT 0 last"},
    {"BdatLargest", "BDAT 18446744073709551615 LAST", "BDAT 18446744073709551615 last"},
    {"Rset", "RSET", "RSET"},
    {"Noop", "NOOP", "NOOP"},
    {"NoopText", "NOOP one two", "NOOP"},
    {"Vrfy", "VRFY alice", "VRFY"},
    {"Quit", "quit", "QUIT"},
    {"MailBounce", "MAIL FROM:<>", "MAIL null"},
    {"MailPlain", "MAIL FROM:<a@b.uk>", "MAIL a@b.uk"},
    {"MailLower", "mail from:<a@B.uk>", "MAIL a@b.uk"},
    {"MailSized", "MAIL FROM:<a@b.uk> SIZE=1000", "MAIL a@b.uk 1000"},
    {"MailSizeZero", "MAIL FROM:<a@b.uk> size=0", "MAIL a@b.uk 0"},
    {"MailLargestSize", "MAIL FROM:<> SIZE=18446744073709551615", "MAIL null 18446744073709551615"},
    {"MailEightBit", "MAIL FROM:<a@b.uk> BODY=8BITMIME", "MAIL a@b.uk 8bit"},
    {"MailSevenBit", "MAIL FROM:<a@b.uk> body=7bit", "MAIL a@b.uk"},
    {"MailBoth", "MAIL FROM:<a@b.uk> BODY=8bitmime SIZE=7", "MAIL a@b.uk 7 8bit"},
    {"MailQuotedAngle", "MAIL FROM:<\"a>b\"@b.uk> SIZE=7", "MAIL \"a>b\"@b.uk 7"},
    {"MailQuotedPair", R"(MAIL FROM:<"a\">b"@b.uk>)", R"(MAIL "a\">b"@b.uk)"},
    {"MailUtf8", "MAIL FROM:<gr\xc3\xbc@b.uk> smtputf8", "MAIL gr\xc3\xbc@b.uk utf8"},
    {"MailUtf8Plain", "MAIL FROM:<a@b.uk> SMTPUTF8", "MAIL a@b.uk utf8"},
    {"MailRequireTls", "MAIL FROM:<a@b.uk> RequireTLS", "MAIL a@b.uk tls"},
    {"MailDsn", "MAIL FROM:<a@b.uk> RET=hdrs ENVID=QQ+2B3+3D", "MAIL a@b.uk ret hdrs envid QQ+2B3+3D"},
    {"MailDsnFull", "MAIL FROM:<> RET=FULL", "MAIL null ret FULL"},
    {"RcptDsn", "RCPT TO:<a@b.uk> NOTIFY=success,DELAY ORCPT=rfc822;a+2Bx@b.uk",
     "RCPT a@b.uk notify success,DELAY orcpt rfc822;a+2Bx@b.uk"},
    {"RcptNever", "RCPT TO:<a@b.uk> NOTIFY=NEVER", "RCPT a@b.uk notify NEVER"},
    {"RcptUtf8", "RCPT TO:<gr\xc3\xbc@b\xc3\xbc.uk>", "RCPT gr\xc3\xbc@b\xc3\xbc.uk"},
    {"RcptPlain", "RCPT TO:<bob@police.example.cjsm.net>", "RCPT bob@police.example.cjsm.net"},
    {"RcptLower", "rcpt to:<b@c.uk>", "RCPT b@c.uk"},
    {"RcptPostmaster", "RCPT TO:<Postmaster>", "RCPT postmaster"},
    {"RcptQuoted", "RCPT TO:<\"b c\"@c.uk>", "RCPT \"b c\"@c.uk"},
};

const std::vector<Case> kBadCommands{
    {"Empty", "", "500 5.5.1"},
    {"Spaces", "   ", "500 5.5.1"},
    {"LeadingSpace", " NOOP", "500 5.5.1"},
    {"Unknown", "HELLO x", "500 5.5.1"},
    {"Http", "GET / HTTP/1.1", "500 5.5.1"},
    {"VerbGlued", "DATAX", "500 5.5.1"},
    {"VerbCut", "DAT", "500 5.5.1"},
    {"BareLf", "NOOP\nMAIL FROM:<x@y>", "500 5.5.2"},
    {"BareCr", "NOOP\rMAIL FROM:<x@y>", "500 5.5.2"},
    {"Nul", "NOOP\0"s, "500 5.5.2"},
    {"Tab", "MAIL\tFROM:<x@y>", "500 5.5.2"},
    {"Del", "NOOP \x7f", "500 5.5.2"},
    {"EightBit", "EHLO b\xc3\xbc.example", "501 5.5.2"},
    {"EightBitNoop", "NOOP \xc3\xbc", "501 5.5.2"},
    {"EightBitVerb", "NO\xc3\xbcP", "501 5.5.2"},
    {"Latin1Rcpt", "RCPT TO:<b\xfc@c.uk>", "501 5.1.3"},
    {"Utf8WithoutParameter", "MAIL FROM:<gr\xc3\xbc@b.uk>", "553 5.6.7"},
    {"Utf8DomainWithoutParameter", "MAIL FROM:<a@b\xc3\xbc.uk>", "553 5.6.7"},
    {"Utf8InParameter", "MAIL FROM:<a@b.uk> ENVID=\xc3\xbc", "501 5.5.4"},
    {"Utf8BeforeAngle",
     "MAIL \xc3\xbc"
     "FROM:<a@b.uk>",
     "501 5.5.4"},
    {"Expn", "EXPN list", "502 5.5.1"},
    {"Help", "HELP", "502 5.5.1"},
    {"Auth", "AUTH PLAIN AGFsaWNlAHg=", "502 5.5.1"},
    {"BdatNothing", "BDAT", "521 5.5.4"},
    {"BdatLastAlone", "BDAT LAST", "521 5.5.4"},
    {"BdatNegative", "BDAT -1", "521 5.5.4"},
    {"BdatHex", "BDAT 0x10", "521 5.5.4"},
    {"BdatOverflow", "BDAT 18446744073709551616 LAST", "521 5.5.4"},
    {"BdatOtherWord", "BDAT 10 FIRST", "521 5.5.4"},
    {"BdatGlued", "BDAT 10LAST", "521 5.5.4"},
    {"BdatTwoSpaces", "BDAT 10  LAST", "521 5.5.4"},
    {"BdatThreeWords", "BDAT 10 LAST x", "521 5.5.4"},
    {"Etrn", "ETRN x", "502 5.5.1"},
    {"Turn", "TURN", "502 5.5.1"},
    {"EhloNothing", "EHLO", "501 5.5.4"},
    {"EhloTwo", "EHLO a b", "501 5.5.4"},
    {"EhloTwoSpaces", "EHLO  a", "501 5.5.4"},
    {"EhloAngle", "EHLO <a>", "501 5.5.4"},
    {"EhloTooLong", "EHLO " + std::string(300, 'a'), "501 5.5.4"},
    {"EhloEmptyLiteral", "EHLO []", "501 5.5.4"},
    {"EhloLiteralComment", "EHLO [a)(b]", "501 5.5.4"},
    {"HeloNothing", "HELO ", "501 5.5.4"},
    {"StartTlsParameter", "STARTTLS now", "501 5.5.4"},
    {"DataParameter", "DATA x", "501 5.5.4"},
    {"RsetParameter", "RSET x", "501 5.5.4"},
    {"QuitParameter", "QUIT x", "501 5.5.4"},
    {"VrfyNothing", "VRFY", "501 5.5.4"},
    {"MailNothing", "MAIL", "501 5.5.4"},
    {"MailNoColon", "MAIL FROM<a@b>", "501 5.5.4"},
    {"MailTo", "MAIL TO:<a@b>", "501 5.5.4"},
    {"MailSpaceBehindColon", "MAIL FROM: <a@b.uk>", "501 5.5.4"},
    {"MailTwoSpaces", "MAIL  FROM:<a@b.uk>", "501 5.5.4"},
    {"MailNoAngles", "MAIL FROM:a@b.uk", "501 5.5.4"},
    {"MailOpenAngle", "MAIL FROM:<a@b.uk", "501 5.5.4"},
    {"MailOpenQuote", "MAIL FROM:<\"a@b.uk>", "501 5.5.4"},
    {"MailEndsInQuotedPair", "MAIL FROM:<\"a\\", "501 5.5.4"},
    {"MailSyntax", "MAIL FROM:<a b@c>", "501 5.1.7"},
    {"MailSpaceInAngles", "MAIL FROM:< >", "501 5.1.7"},
    {"MailSourceRoute", "MAIL FROM:<@relay:a@b>", "501 5.1.7"},
    {"MailLiteral", "MAIL FROM:<a@[192.0.2.1]>", "553 5.1.7"},
    {"MailTooLong", "MAIL FROM:<" + std::string(65, 'a') + "@b.uk>", "501 5.1.7"},
    {"MailGlued", "MAIL FROM:<a@b.uk>SIZE=1", "501 5.5.4"},
    {"MailTwoSpacesBeforeParameter", "MAIL FROM:<a@b.uk>  SIZE=1", "501 5.5.4"},
    {"SizeOverflow", "MAIL FROM:<a@b> SIZE=18446744073709551616", "501 5.5.4"},
    {"SizeNegative", "MAIL FROM:<a@b> SIZE=-1", "501 5.5.4"},
    {"SizePlus", "MAIL FROM:<a@b> SIZE=+1", "501 5.5.4"},
    {"SizeHex", "MAIL FROM:<a@b> SIZE=0x10", "501 5.5.4"},
    {"SizeNothing", "MAIL FROM:<a@b> SIZE", "501 5.5.4"},
    {"SizeEmpty", "MAIL FROM:<a@b> SIZE=", "501 5.5.4"},
    {"SizeTwice", "MAIL FROM:<a@b> SIZE=1 size=1", "501 5.5.4"},
    {"BodyTwice", "MAIL FROM:<a@b> BODY=7BIT BODY=8BITMIME", "501 5.5.4"},
    {"UnknownTwice", "MAIL FROM:<a@b> X=1 X=2", "501 5.5.4"},
    {"BodyUnknown", "MAIL FROM:<a@b> BODY=BINARYMIME", "501 5.5.4"},
    {"BodyNothing", "MAIL FROM:<a@b> BODY", "501 5.5.4"},
    {"KeywordBad", "MAIL FROM:<a@b> -X=1", "501 5.5.4"},
    {"KeywordEmpty", "MAIL FROM:<a@b> =1", "501 5.5.4"},
    {"ValueWithEquals", "MAIL FROM:<a@b> SIZE=1=2", "501 5.5.4"},
    {"SmtpUtf8Value", "MAIL FROM:<a@b> SMTPUTF8=yes", "501 5.5.4"},
    {"RequireTlsValue", "MAIL FROM:<a@b> REQUIRETLS=1", "501 5.5.4"},
    {"RetNothing", "MAIL FROM:<a@b> RET", "501 5.5.4"},
    {"RetUnknown", "MAIL FROM:<a@b> RET=BODY", "501 5.5.4"},
    {"EnvidLineEnd", "MAIL FROM:<a@b> ENVID=x+0D+0A", "501 5.5.4"},
    {"EnvidTwice", "MAIL FROM:<a@b> ENVID=x ENVID=x", "501 5.5.4"},
    {"NotifyAtMail", "MAIL FROM:<a@b> NOTIFY=NEVER", "555 5.5.4"},
    {"RetAtRcpt", "RCPT TO:<a@b> RET=FULL", "555 5.5.4"},
    {"NotifyUnknown", "RCPT TO:<a@b> NOTIFY=SOMETIMES", "501 5.5.4"},
    {"NotifyNothing", "RCPT TO:<a@b> NOTIFY", "501 5.5.4"},
    {"OrcptNoType", "RCPT TO:<a@b> ORCPT=a@b", "501 5.5.4"},
    {"OrcptTwice", "RCPT TO:<a@b> ORCPT=rfc822;a ORCPT=rfc822;a", "501 5.5.4"},
    {"MailAuth", "MAIL FROM:<a@b> AUTH=<>", "555 5.5.4"},
    {"RcptNothing", "RCPT", "501 5.5.4"},
    {"RcptNull", "RCPT TO:<>", "501 5.1.3"},
    {"RcptNoDomain", "RCPT TO:<bob>", "501 5.1.3"},
    {"SourceRoute", "RCPT TO:<@relay:a@b>", "501 5.1.3"},
    {"RcptLiteral", "RCPT TO:<a@[192.0.2.1]>", "553 5.1.3"},
    {"RcptTwoPaths", "RCPT TO:<a@b.uk>,<c@d.uk>", "501 5.5.4"},
    {"RcptFrom", "RCPT FROM:<a@b.uk>", "501 5.5.4"},
    {"RcptParameterTwice", "RCPT TO:<a@b.uk> X X", "501 5.5.4"},
};

void check_parsing(const std::vector<Case>& cases) {
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    EXPECT_EQ(shown(parse_command(c.line)), c.expected);
  }
}

TEST(ParseCommand, GivesTheCommand) { check_parsing(kCommands); }

TEST(ParseCommand, RefusesWhatIsNoCommand) { check_parsing(kBadCommands); }

}  // namespace
}  // namespace privyseal::smtp
