#include "firmware/smtp/client_dialogue.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

namespace privyseal::smtp {
namespace {

using Event = ClientDialogue::Event;

Reply reply(int code) { return make_reply(code, "", "text"); }
Reply ehlo(std::vector<std::string> extensions) {
  extensions.insert(extensions.begin(), "relay.cjsm.net");
  return {250, "", std::move(extensions)};
}

const std::vector<std::string> kEverything{"PIPELINING", "SIZE 1000", "8BITMIME"};
const Address kAlice{"alice", "lawfirm.example"};
const MailFrom kMail{.reverse_path = kAlice};
const RcptTo kBob{.address = {"bob", "police.example.cjsm.net"}};

/// Past greeting, EHLO, STARTTLS and the second EHLO.
ClientDialogue ready(const std::vector<std::string>& extensions) {
  ClientDialogue dialogue("gw.lawfirm.example");
  (void)dialogue.on_reply(reply(220));
  (void)dialogue.on_reply(ehlo({"STARTTLS"}));
  (void)dialogue.on_reply(reply(220));
  (void)dialogue.secured();
  EXPECT_EQ(dialogue.on_reply(ehlo(extensions)).event, Event::kReady);
  return dialogue;
}

ClientDialogue with_mail() {
  ClientDialogue dialogue = ready(kEverything);
  (void)dialogue.mail(kMail);
  EXPECT_EQ(dialogue.on_reply(reply(250)).event, Event::kMailAccepted);
  return dialogue;
}

ClientDialogue with_recipient() {
  ClientDialogue dialogue = with_mail();
  (void)dialogue.recipient(kBob);
  EXPECT_EQ(dialogue.on_reply(reply(250)).event, Event::kRecipientAccepted);
  return dialogue;
}

ClientDialogue in_body() {
  ClientDialogue dialogue = with_recipient();
  EXPECT_EQ(dialogue.start_data(), "DATA\r\n");
  EXPECT_EQ(dialogue.on_reply(reply(354)).event, Event::kGoAhead);
  return dialogue;
}

TEST(ClientDialogue, WhereTlsComesFirstItIsGreetedInside) {
  ClientDialogue dialogue("gw.lawfirm.example", TlsStart::kImplicit);
  EXPECT_EQ(dialogue.quit(), "") << "not a word before TLS";
  EXPECT_EQ(dialogue.secured(), "") << "the hop speaks first";
  const auto step = dialogue.on_reply(reply(220));
  EXPECT_EQ(step.event, Event::kContinue);
  EXPECT_EQ(step.send, "EHLO gw.lawfirm.example\r\n");
  EXPECT_EQ(dialogue.on_reply(ehlo(kEverything)).event, Event::kReady);
  EXPECT_EQ(dialogue.mail(kMail), "MAIL FROM:<alice@lawfirm.example>\r\n");
}

TEST(ClientDialogue, WhereTlsComesFirstAGreetingInClearEndsIt) {
  ClientDialogue dialogue("gw.lawfirm.example", TlsStart::kImplicit);
  const auto step = dialogue.on_reply(reply(220));
  EXPECT_EQ(step.event, Event::kFailed);
  EXPECT_EQ(step.send, "");
}

TEST(ClientDialogue, CarriesOneMail) {
  ClientDialogue dialogue("gw.lawfirm.example");
  auto step = dialogue.on_reply(reply(220));
  EXPECT_EQ(step.event, Event::kContinue);
  EXPECT_EQ(step.send, "EHLO gw.lawfirm.example\r\n");
  step = dialogue.on_reply(ehlo({"SIZE 1", "StartTLS"}));
  EXPECT_EQ(step.event, Event::kContinue);
  EXPECT_EQ(step.send, "STARTTLS\r\n");
  step = dialogue.on_reply(reply(220));
  EXPECT_EQ(step.event, Event::kHandshake);
  EXPECT_EQ(dialogue.secured(), "EHLO gw.lawfirm.example\r\n");
  EXPECT_EQ(dialogue.on_reply(ehlo(kEverything)).event, Event::kReady);
  EXPECT_EQ(dialogue.mail({.reverse_path = kAlice, .size_bytes = 900, .body = BodyType::k8BitMime}),
            "MAIL FROM:<alice@lawfirm.example> SIZE=900 BODY=8BITMIME\r\n");
  EXPECT_EQ(dialogue.recipient(kBob), "RCPT TO:<bob@police.example.cjsm.net>\r\n");
  EXPECT_EQ(dialogue.due(), 2U);
  EXPECT_EQ(dialogue.on_reply(reply(250)).event, Event::kMailAccepted);
  EXPECT_EQ(dialogue.on_reply(reply(250)).event, Event::kRecipientAccepted);
  EXPECT_EQ(dialogue.start_data(), "DATA\r\n");
  EXPECT_EQ(dialogue.on_reply(reply(354)).event, Event::kGoAhead);
  EXPECT_EQ(dialogue.end_of_data(), ".\r\n");
  EXPECT_EQ(dialogue.on_reply(reply(250)).event, Event::kDelivered);
  EXPECT_TRUE(dialogue.is_over());
  EXPECT_EQ(dialogue.quit(), "QUIT\r\n");
  EXPECT_EQ(dialogue.on_reply(reply(221)).event, Event::kBye);
  EXPECT_EQ(dialogue.failure(), HopFailure::kNone);
}

TEST(ClientDialogue, SendsBouncesWithAnEmptySender) {
  EXPECT_EQ(ready({}).mail({.size_bytes = 5, .body = BodyType::k8BitMime}), "MAIL FROM:<>\r\n");
}

TEST(ClientDialogue, ForgetsWhatWasOfferedInClear) {
  ClientDialogue dialogue("gw.example");
  (void)dialogue.on_reply(reply(220));
  (void)dialogue.on_reply(ehlo({"STARTTLS", "PIPELINING", "SIZE 5"}));
  (void)dialogue.on_reply(reply(220));
  (void)dialogue.secured();
  EXPECT_EQ(dialogue.on_reply(ehlo({})).event, Event::kReady);
  EXPECT_EQ(dialogue.extensions(), Extensions());
  EXPECT_FALSE(dialogue.may_pipeline());
}

struct Extension {
  const char* name;
  std::vector<std::string> lines;
  Extensions expected;
};

const std::vector<Extension> kParseExtensionsCases{
    {"Nothing", {}, {}},
    {"DomainOnly", {"STARTTLS"}, {}},
    {"All", {"x", "STARTTLS", "PIPELINING", "8BITMIME", "SIZE 9"}, {true, true, true, true, 9}},
    {"AnyCase", {"x", "startTLS", "Pipelining"}, {.starttls = true, .pipelining = true}},
    {"MailParameters",
     {"x", "smtputf8", "DSN", "RequireTls", "Chunking"},
     {.smtputf8 = true, .dsn = true, .require_tls = true, .chunking = true}},
    {"AuthPlain", {"x", "AUTH LOGIN PLAIN"}, {.auth_plain = true}},
    {"AuthPlainFirst", {"x", "auth plain"}, {.auth_plain = true}},
    {"AuthOthers", {"x", "AUTH LOGIN XPLAIN PLAINX CRAM-MD5", "AUTH=PLAIN"}, {}},
    {"AuthNothing", {"x", "AUTH", "AUTH "}, {}},
    {"Limits",
     {"x", "LIMITS MAILMAX=1 RCPTMAX=20 RCPTDOMAINMAX=3"},
     {.max_recipients = 20, .max_recipient_domains = 3}},
    {"LimitsNonsense", {"x", "LIMITS RCPTMAX RCPTMAX= RCPTMAX=x =5 RCPTDOMAINMAX=-1"}, {}},
    {"LimitsAlone", {"x", "LIMITS", "LIMITS "}, {}},
    {"SizeAlone", {"x", "SIZE"}, {.size = true, .max_size_bytes = 0}},
    {"SizeZero", {"x", "SIZE 0"}, {.size = true, .max_size_bytes = 0}},
    {"SizeNonsense", {"x", "SIZE lots"}, {}},
    {"SizeNegative", {"x", "SIZE -1"}, {}},
    {"SizeOverflow", {"x", "SIZE 99999999999999999999"}, {}},
    {"SizeTwoWords", {"x", "SIZE 1 2"}, {}},
    {"GluedNames", {"x", "STARTTLSX", "XSTARTTLS", "START TLS", "SIZE=9"}, {}},
    {"LeadingSpace", {"x", " STARTTLS"}, {}},
    {"Empty", {"x", "", " "}, {}},
    {"WithParameters", {"x", "STARTTLS now"}, {.starttls = true}},
};

TEST(ParseExtensions, TakesOnlyWhatItUnderstands) {
  for (const Extension& c : kParseExtensionsCases) {
    SCOPED_TRACE(c.name);
    EXPECT_EQ(parse_extensions({250, "", c.lines}), c.expected);
  }
}

TEST(ClientDialogue, JudgesTheReplyToItsLogin) {
  struct Login {
    int code;
    Event event;
    HopFailure failure;
  };
  for (const Login& c : std::vector<Login>{{235, Event::kReady, HopFailure::kNone},
                                           {250, Event::kFailed, HopFailure::kLoginRefused},
                                           {334, Event::kFailed, HopFailure::kLoginRefused},
                                           {421, Event::kFailed, HopFailure::kClosing},
                                           {454, Event::kFailed, HopFailure::kLoginRefused},
                                           {535, Event::kFailed, HopFailure::kLoginRefused}}) {
    ClientDialogue dialogue = ready({"AUTH PLAIN"});
    dialogue.logging_in();
    EXPECT_EQ(dialogue.on_reply(reply(c.code)).event, c.event) << c.code;
    EXPECT_EQ(dialogue.failure(), c.failure) << c.code;
    if (c.event != Event::kReady) continue;
    EXPECT_EQ(dialogue.mail(kMail), "MAIL FROM:<alice@lawfirm.example>\r\n");
  }
  ClientDialogue without = ready({"AUTH LOGIN"});
  EXPECT_DEATH(without.logging_in(), "");
  ClientDialogue twice = ready({"AUTH PLAIN"});
  twice.logging_in();
  EXPECT_DEATH((void)twice.mail(kMail), "");
}

struct Parameters {
  const char* name;
  std::vector<std::string> extensions;
  const char* mail;
  const char* recipient;
};

TEST(ClientDialogue, SaysOnlyParametersThatTheHopOffers) {
  MailFrom mail = kMail;
  mail.size_bytes = 7;
  mail.body = BodyType::k8BitMime;
  mail.ret = "hdrs";
  mail.envid = "Q+2B";
  RcptTo recipient = kBob;
  recipient.notify = "success,DELAY";
  recipient.orcpt = "rfc822;bob";
  for (const Parameters& c : std::vector<Parameters>{
           {"None", {"PIPELINING"}, "", ""},
           {"Size", {"PIPELINING", "SIZE"}, " SIZE=7", ""},
           {"EightBit", {"PIPELINING", "8BITMIME"}, " BODY=8BITMIME", ""},
           {"Dsn", {"PIPELINING", "DSN"}, " RET=hdrs ENVID=Q+2B", " NOTIFY=success,DELAY ORCPT=rfc822;bob"},
           {"Others", {"PIPELINING", "SMTPUTF8", "REQUIRETLS"}, "", ""},
       }) {
    SCOPED_TRACE(c.name);
    ClientDialogue dialogue = ready(c.extensions);
    EXPECT_EQ(dialogue.mail(mail), std::string("MAIL FROM:<alice@lawfirm.example>") + c.mail + "\r\n");
    EXPECT_EQ(dialogue.recipient(recipient),
              std::string("RCPT TO:<bob@police.example.cjsm.net>") + c.recipient + "\r\n");
  }
}

TEST(ClientDialogue, KnowsWhatAMailMisses) {
  using enum ClientDialogue::Missing;
  MailFrom mail = kMail;
  EXPECT_EQ(ready({}).missing_for(mail), kNothing);
  mail.smtputf8 = true;
  EXPECT_EQ(ready({}).missing_for(mail), kSmtpUtf8);
  EXPECT_EQ(ready({"SMTPUTF8"}).missing_for(mail), kNothing);
  EXPECT_EQ(ready({"SMTPUTF8"}).mail(mail), "MAIL FROM:<alice@lawfirm.example> SMTPUTF8\r\n");
  mail.require_tls = true;
  EXPECT_EQ(ready({"SMTPUTF8"}).missing_for(mail), kRequireTls);
  EXPECT_EQ(ready({"SMTPUTF8", "REQUIRETLS"}).mail(mail),
            "MAIL FROM:<alice@lawfirm.example> SMTPUTF8 REQUIRETLS\r\n");
  EXPECT_DEATH((void)ready({"SMTPUTF8"}).mail(mail), "");
}

TEST(ClientDialogue, KeepsTheLimitsOfTheHop) {
  const Address other{"carol", "york.cjsm.net"};
  ClientDialogue few = ready({"PIPELINING", "LIMITS RCPTMAX=2"});
  (void)few.mail(kMail);
  (void)few.recipient(kBob);
  EXPECT_TRUE(few.may_add(other));
  (void)few.recipient(kBob);
  EXPECT_FALSE(few.may_add(kBob.address));
  EXPECT_DEATH((void)few.recipient(kBob), "");
  ClientDialogue one_domain = ready({"PIPELINING", "LIMITS RCPTDOMAINMAX=1"});
  (void)one_domain.mail(kMail);
  EXPECT_TRUE(one_domain.may_add(other));
  (void)one_domain.recipient(kBob);
  EXPECT_FALSE(one_domain.may_add(other));
  EXPECT_TRUE(one_domain.may_add(kBob.address));
}

TEST(ClientDialogue, NeverExceedsTheSizeOfTheHop) {
  EXPECT_TRUE(ready({"SIZE 1000"}).may_take(1000));
  EXPECT_FALSE(ready({"SIZE 1000"}).may_take(1001));
  EXPECT_TRUE(ready({"SIZE 0"}).may_take(1ULL << 40));
  EXPECT_TRUE(ready({}).may_take(1ULL << 40));
}

struct Failing {
  const char* name;
  std::vector<Reply> replies;  ///< from the greeting on; after 220 to STARTTLS the handshake is done
  HopFailure failure;
};

const Reply kOffered = ehlo({"STARTTLS"});
using enum HopFailure;
const std::vector<Failing> kFailsBeforeTheMailCases{
    {"Greeting554", {reply(554)}, kUnwelcome},
    {"Greeting450", {reply(450)}, kUnwelcome},
    {"Greeting421", {reply(421)}, kClosing},
    {"Greeting354", {reply(354)}, kProtocol},
    {"Ehlo502", {reply(220), reply(502)}, kUnwelcome},
    {"Ehlo421", {reply(220), reply(421)}, kClosing},
    {"Ehlo334", {reply(220), reply(334)}, kProtocol},
    {"NoStartTls", {reply(220), ehlo({"SIZE 9", "PIPELINING"})}, kNoStartTls},
    {"StartTlsAsDomain", {reply(220), {250, "", {"STARTTLS"}}}, kNoStartTls},
    {"StartTls454", {reply(220), kOffered, reply(454)}, kStartTlsRefused},
    {"StartTls502", {reply(220), kOffered, reply(502)}, kStartTlsRefused},
    {"StartTls421", {reply(220), kOffered, reply(421)}, kClosing},
    {"StartTls250", {reply(220), kOffered, reply(250)}, kProtocol},
    {"StartTls354", {reply(220), kOffered, reply(354)}, kProtocol},
    {"SecondEhlo550", {reply(220), kOffered, reply(220), reply(550)}, kUnwelcome},
    {"SecondEhlo421", {reply(220), kOffered, reply(220), reply(421)}, kClosing},
    {"SecondEhlo300", {reply(220), kOffered, reply(220), reply(300)}, kProtocol},
    {"UnaskedWhenReady", {reply(220), kOffered, reply(220), ehlo({}), reply(250)}, kProtocol},
    {"ClosingWhenReady", {reply(220), kOffered, reply(220), ehlo({}), reply(421)}, kClosing},
};

TEST(FailsBeforeTheMail, AndSaysWhy) {
  for (const Failing& c : kFailsBeforeTheMailCases) {
    SCOPED_TRACE(c.name);
    ClientDialogue dialogue("gw.example");
    Event last = Event::kContinue;
    for (const Reply& next : c.replies) {
      ASSERT_FALSE(dialogue.is_over());
      const auto step = dialogue.on_reply(next);
      last = step.event;
      EXPECT_FALSE(step.send.starts_with("MAIL"));
      if (last == Event::kHandshake) (void)dialogue.secured();
    }
    EXPECT_EQ(last, Event::kFailed);
    EXPECT_EQ(dialogue.failure(), c.failure);
    EXPECT_TRUE(dialogue.is_over());
  }
}

struct Judgement {
  int code;
  Event event;
  bool is_over;
};

void expect_judgement(ClientDialogue dialogue, const Judgement& expected) {
  EXPECT_EQ(dialogue.on_reply(reply(expected.code)).event, expected.event) << expected.code;
  EXPECT_EQ(dialogue.is_over(), expected.is_over) << expected.code;
  EXPECT_EQ(dialogue.failure() == kClosing, expected.code == 421) << expected.code;
  EXPECT_EQ(dialogue.failure() == kProtocol, expected.event == Event::kFailed && expected.code != 421)
      << expected.code;
}

TEST(ClientDialogue, JudgesTheReplyToMail) {
  for (const Judgement& j : std::vector<Judgement>{{250, Event::kMailAccepted, false},
                                                   {354, Event::kFailed, true},
                                                   {421, Event::kFailed, true},
                                                   {451, Event::kMailRefused, true},
                                                   {552, Event::kMailRefused, true}}) {
    ClientDialogue dialogue = ready({});
    (void)dialogue.mail(kMail);
    expect_judgement(dialogue, j);
  }
}

TEST(ClientDialogue, JudgesTheReplyToARecipient) {
  for (const Judgement& j : std::vector<Judgement>{{250, Event::kRecipientAccepted, false},
                                                   {251, Event::kRecipientAccepted, false},
                                                   {354, Event::kFailed, true},
                                                   {421, Event::kFailed, true},
                                                   {452, Event::kRecipientRefused, false},
                                                   {550, Event::kRecipientRefused, false}}) {
    ClientDialogue dialogue = with_mail();
    (void)dialogue.recipient(kBob);
    expect_judgement(dialogue, j);
  }
}

TEST(ClientDialogue, JudgesTheReplyToData) {
  for (const Judgement& j : std::vector<Judgement>{{354, Event::kGoAhead, false},
                                                   {250, Event::kFailed, true},
                                                   {421, Event::kDataRefused, true},
                                                   {451, Event::kDataRefused, true},
                                                   {554, Event::kDataRefused, true}}) {
    ClientDialogue dialogue = with_recipient();
    (void)dialogue.start_data();
    expect_judgement(dialogue, j);
  }
}

TEST(ClientDialogue, JudgesTheVerdict) {
  for (const Judgement& j : std::vector<Judgement>{{250, Event::kDelivered, true},
                                                   {354, Event::kFailed, true},
                                                   {421, Event::kNotDelivered, true},
                                                   {452, Event::kNotDelivered, true},
                                                   {550, Event::kNotDelivered, true}}) {
    ClientDialogue dialogue = in_body();
    (void)dialogue.end_of_data();
    expect_judgement(dialogue, j);
  }
}

ClientDialogue before_chunks() {
  ClientDialogue dialogue = ready({"PIPELINING", "CHUNKING"});
  (void)dialogue.mail(kMail);
  (void)dialogue.recipient(kBob);
  (void)dialogue.on_reply(reply(250));
  EXPECT_EQ(dialogue.on_reply(reply(250)).event, Event::kRecipientAccepted);
  return dialogue;
}

TEST(ClientDialogue, SendsAMailInChunks) {
  ClientDialogue dialogue = before_chunks();
  EXPECT_EQ(dialogue.chunk(17, false), "BDAT 17\r\n");
  EXPECT_EQ(dialogue.on_reply(reply(250)).event, Event::kGoAhead);
  EXPECT_EQ(dialogue.chunk(0, true), "BDAT 0 LAST\r\n");
  EXPECT_EQ(dialogue.on_reply(reply(250)).event, Event::kDelivered);
  EXPECT_TRUE(dialogue.is_over());
}

TEST(ClientDialogue, JudgesTheReplyToAChunk) {
  for (const Judgement& j : std::vector<Judgement>{{250, Event::kGoAhead, false},
                                                   {354, Event::kFailed, true},
                                                   {421, Event::kNotDelivered, true},
                                                   {452, Event::kNotDelivered, true},
                                                   {552, Event::kNotDelivered, true}}) {
    ClientDialogue dialogue = before_chunks();
    (void)dialogue.chunk(1, false);
    expect_judgement(dialogue, j);
  }
}

TEST(ClientDialogue, NeverTakesTheReplyToAChunkForADelivery) {
  ClientDialogue dialogue = before_chunks();
  (void)dialogue.chunk(1, false);
  EXPECT_EQ(dialogue.on_reply(reply(250)).event, Event::kGoAhead);
  EXPECT_FALSE(dialogue.is_over());
  EXPECT_EQ(dialogue.on_reply(reply(250)).event, Event::kFailed);  // nothing was asked
}

TEST(ClientDialogueDeathTest, NeverMixesChunksAndData) {
  ClientDialogue without = ready({});
  (void)without.mail(kMail);
  (void)without.on_reply(reply(250));
  (void)without.recipient(kBob);
  (void)without.on_reply(reply(250));
  EXPECT_DEATH((void)without.chunk(1, true), "");
  ClientDialogue chunked = before_chunks();
  (void)chunked.chunk(1, false);
  EXPECT_DEATH((void)chunked.chunk(1, false), "");  // its reply is due
  (void)chunked.on_reply(reply(250));
  EXPECT_DEATH((void)chunked.end_of_data(), "");
  EXPECT_DEATH((void)chunked.start_data(), "");
  EXPECT_DEATH((void)in_body().chunk(1, true), "");
}

TEST(ClientDialogue, TakesARefusalInTheMiddleOfTheBody) {
  for (const Judgement& j : std::vector<Judgement>{{250, Event::kFailed, true},
                                                   {354, Event::kFailed, true},
                                                   {421, Event::kNotDelivered, true},
                                                   {552, Event::kNotDelivered, true}}) {
    expect_judgement(in_body(), j);
  }
}

TEST(ClientDialogue, NeverTakesAnEarly250ForADelivery) {
  ClientDialogue dialogue = in_body();
  EXPECT_EQ(dialogue.on_reply(reply(250)).event, Event::kFailed);
  EXPECT_EQ(dialogue.failure(), kProtocol);
}

TEST(ClientDialogue, SaysNoQuitWhereItWouldNotBeHeard) {
  EXPECT_EQ(ClientDialogue("gw.example").quit(), "");  // the greeting is due
  EXPECT_EQ(in_body().quit(), "");                     // it would be body text
  ClientDialogue refused = in_body();
  (void)refused.on_reply(reply(552));
  EXPECT_EQ(refused.quit(), "");
  EXPECT_EQ(ready({}).quit(), "QUIT\r\n");
  EXPECT_EQ(with_recipient().quit(), "QUIT\r\n");
}

TEST(ClientDialogue, GoesOnWithTheOtherRecipients) {
  ClientDialogue dialogue = with_mail();
  (void)dialogue.recipient(kBob);
  EXPECT_EQ(dialogue.on_reply(reply(550)).event, Event::kRecipientRefused);
  (void)dialogue.recipient(kBob);
  EXPECT_EQ(dialogue.on_reply(reply(250)).event, Event::kRecipientAccepted);
  EXPECT_EQ(dialogue.start_data(), "DATA\r\n");
}

TEST(ClientDialogue, ReadsPipelinedRepliesAfterARefusedSender) {
  ClientDialogue dialogue = ready(kEverything);
  (void)dialogue.mail(kMail);
  (void)dialogue.recipient(kBob);
  EXPECT_EQ(dialogue.on_reply(reply(550)).event, Event::kMailRefused);
  EXPECT_EQ(dialogue.on_reply(reply(503)).event, Event::kRecipientRefused);
  EXPECT_TRUE(dialogue.is_over());
  EXPECT_EQ(dialogue.quit(), "QUIT\r\n");
}

TEST(ClientDialogue, BelievesNoRecipientAfterARefusedSender) {
  ClientDialogue dialogue = ready(kEverything);
  (void)dialogue.mail(kMail);
  (void)dialogue.recipient(kBob);
  (void)dialogue.on_reply(reply(550));
  EXPECT_EQ(dialogue.on_reply(reply(250)).event, Event::kFailed);
  EXPECT_EQ(dialogue.failure(), kProtocol);
}

TEST(ClientDialogue, StaysFailed) {
  ClientDialogue dialogue("gw.example");
  (void)dialogue.on_reply(reply(554));
  EXPECT_EQ(dialogue.on_reply(reply(220)).event, Event::kFailed);
  EXPECT_EQ(dialogue.failure(), kUnwelcome);
}

TEST(ClientDialogueDeathTest, EndsTheProcessOnABrokenCallOrder) {
  EXPECT_DEATH(ClientDialogue("not a host"), "");
  ClientDialogue fresh("gw.example");
  EXPECT_DEATH((void)fresh.secured(), "");
  EXPECT_DEATH((void)fresh.mail(kMail), "");  // never outside TLS
  ClientDialogue plain = ready({});
  EXPECT_DEATH((void)plain.recipient(kBob), "");
  (void)plain.mail(kMail);
  EXPECT_DEATH((void)plain.recipient(kBob), "");  // no PIPELINING
  EXPECT_DEATH((void)plain.mail(kMail), "");
  ClientDialogue mail = with_mail();
  EXPECT_DEATH((void)mail.start_data(), "");
  EXPECT_DEATH((void)mail.end_of_data(), "");
  ClientDialogue refused = in_body();
  (void)refused.on_reply(reply(552));
  EXPECT_DEATH((void)refused.end_of_data(), "");
}

}  // namespace
}  // namespace privyseal::smtp
