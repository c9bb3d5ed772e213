#include "firmware/smtp/server_session.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

namespace privyseal::smtp {
namespace {

using State = ServerSession::State;

ServerSession::Options options() {
  return {.hostname = "gw.lawfirm.example",
          .max_size_bytes = 1000,
          .max_recipients = 2,
          .max_mails = 50,
          .max_bad_commands = 3,
          .max_idle_commands = 5,
          .replies = {.starttls_required = make_reply(530, "5.7.0", "tls"),
                      .message_too_big = make_reply(552, "5.3.4", "big"),
                      .too_many_recipients = make_reply(452, "4.5.3", "many"),
                      .too_many_errors = make_reply(421, "4.7.0", "errors"),
                      .session_used_up = make_reply(421, "4.7.1", "used up")}};
}

template <class... Ts>
struct Overloaded : Ts... {
  using Ts::operator()...;
};

/// "reply 250 2.0.0", "close 421 4.7.0", "open mail"... : an action in a word.
std::string shown(const Action& action) {
  const auto codes = [](const Reply& r) {
    return std::to_string(r.code) + (r.enhanced.empty() ? "" : " " + r.enhanced);
  };
  return std::visit(
      Overloaded{
          [&](const SendReply& a) { return "reply " + codes(a.reply); },
          [&](const ShakeHands& a) { return "shake hands " + codes(a.reply); },
          [](const OpenMail&) { return std::string("open mail"); },
          [](const AddRecipient&) { return std::string("add recipient"); },
          [](const StartData&) { return std::string("start data"); },
          [](const TakeChunk& a) {
            return "take " + std::to_string(a.size_bytes) + (a.is_last ? " last" : "");
          },
          [&](const SkipChunk& a) { return "skip " + std::to_string(a.size_bytes) + " " + codes(a.reply); },
          [&](const DropMail& a) { return "drop " + codes(a.reply); },
          [&](const CloseSession& a) { return "close " + codes(a.reply); },
      },
      action);
}

std::string say(ServerSession& session, std::string_view line) {
  return shown(session.on(parse_command(line)));
}

void accept(ServerSession& session) { session.answered(make_reply(250, "2.0.0", "OK")); }
void refuse(ServerSession& session) { session.answered(make_reply(550, "5.7.1", "no")); }

/// From where MAIL may be said, by the shortest way.
void lead_to(State state, ServerSession& session) {
  if (state == State::kReady) return;
  EXPECT_EQ(say(session, "MAIL FROM:<a@b.uk>"), "open mail");
  accept(session);
  if (state == State::kMail) return;
  EXPECT_EQ(say(session, "RCPT TO:<c@d.uk>"), "add recipient");
  accept(session);
  if (state == State::kRecipient) return;
  if (state == State::kChunks) {
    EXPECT_EQ(say(session, "BDAT 5"), "take 5");
    return accept(session);
  }
  EXPECT_EQ(say(session, "DATA"), "start data");
  session.answered(go_ahead());
}

/// A session brought to a state by the shortest way.
ServerSession session_in(State state) {
  ServerSession session(options());
  if (state == State::kClear) return session;
  if (state == State::kClearHelo) {
    EXPECT_EQ(say(session, "HELO c"), "reply 250");
    return session;
  }
  EXPECT_EQ(say(session, "EHLO c"), "reply 250");
  if (state == State::kClearEhlo) return session;
  EXPECT_EQ(say(session, "STARTTLS"), "shake hands 220 2.0.0");
  session.secured();
  if (state == State::kSecured) return session;
  EXPECT_EQ(say(session, "EHLO c"), "reply 250");
  lead_to(state, session);
  return session;
}

struct Row {
  const char* command;
  std::vector<std::string> expected;  ///< for kClear … kChunks
};

const std::string kTls = "reply 530 5.7.0";
const std::string kOrder = "reply 503 5.5.1";
const std::string kHello = "reply 250";
const std::string kOk = "reply 250 2.0.0";
const std::string kDrop = "drop 250 2.0.0";
const std::string kBye = "close 221 2.0.0";
const std::string kSkip = "skip 7 503 5.5.1";
const std::string kClose = "close 530 5.7.0";
const std::string kVrfy = "reply 252 2.5.0";
const std::vector<Row> kOrderCases{
    //                       kClear  kClearHelo kClearEhlo kSecured kReady kMail kRecipient kChunks
    {"EHLO c", {kHello, kHello, kHello, kHello, kHello, "drop 250", "drop 250", "drop 250"}},
    {"HELO c", {kHello, kHello, kHello, kHello, kHello, "drop 250", "drop 250", "drop 250"}},
    {"STARTTLS", {kOrder, kOrder, "shake hands 220 2.0.0", kOrder, kOrder, kOrder, kOrder, kOrder}},
    {"MAIL FROM:<a@b.uk>", {kTls, kTls, kTls, kOrder, "open mail", kOrder, kOrder, kOrder}},
    {"RCPT TO:<c@d.uk>", {kTls, kTls, kTls, kOrder, kOrder, "add recipient", "add recipient", kOrder}},
    {"DATA", {kTls, kTls, kTls, kOrder, kOrder, kOrder, "start data", kOrder}},
    {"BDAT 7", {kClose, kClose, kClose, kSkip, kSkip, kSkip, "take 7", "take 7"}},
    {"BDAT 7 LAST", {kClose, kClose, kClose, kSkip, kSkip, kSkip, "take 7 last", "take 7 last"}},
    {"RSET", {kOk, kOk, kOk, kOk, kOk, kDrop, kDrop, kDrop}},
    {"NOOP", {kOk, kOk, kOk, kOk, kOk, kOk, kOk, kOk}},
    {"VRFY x", {kTls, kTls, kTls, kVrfy, kVrfy, kVrfy, kVrfy, kVrfy}},
    {"QUIT", {kBye, kBye, kBye, kBye, kBye, kBye, kBye, kBye}},
    {"NONSENSE", std::vector<std::string>(8, "reply 500 5.5.1")},
    {"RCPT TO:<@a:b@c>", std::vector<std::string>(8, "reply 501 5.1.3")},
    {"EXPN x", std::vector<std::string>(8, "reply 502 5.5.1")},
    {"BDAT x", std::vector<std::string>(8, "close 521 5.5.4")},
};

/// Written out by hand, all of it: the table is the specification that the code's table is held against.
TEST(Order, IsAsTheTableSays) {
  for (const Row& c : kOrderCases) {
    SCOPED_TRACE(c.command);
    const std::vector<State> states{State::kClear, State::kClearHelo, State::kClearEhlo, State::kSecured,
                                    State::kReady, State::kMail,      State::kRecipient, State::kChunks};
    ASSERT_EQ(c.expected.size(), states.size());
    for (std::size_t i = 0; i < states.size(); ++i) {
      ServerSession session = session_in(states[i]);
      ASSERT_EQ(session.state(), states[i]);
      EXPECT_EQ(say(session, c.command), c.expected[i]) << c.command << " in column " << i;
    }
  }
}

constexpr bool kExcepted = true;

/// A client that may send in clear while `may_be_clear` says so, brought to a state without TLS.
ServerSession clear_session_in(State state, const bool* may_be_clear) {
  ServerSession::Options clear = options();
  clear.may_be_clear = [may_be_clear] { return *may_be_clear; };
  ServerSession session(clear);
  if (state == State::kClear) return session;
  EXPECT_EQ(say(session, state == State::kClearHelo ? "HELO c" : "EHLO c"), "reply 250");
  if (state == State::kClearHelo || state == State::kClearEhlo) return session;
  lead_to(state, session);
  return session;
}

const std::vector<State> kClearStates{State::kClear, State::kClearHelo, State::kClearEhlo,
                                      State::kMail,  State::kRecipient, State::kChunks};
const std::string kHands = "shake hands 220 2.0.0";
const std::vector<Row> kClearOrderCases{
    //                       kClear  kClearHelo kClearEhlo kMail kRecipient kChunks
    {"EHLO c", {kHello, kHello, kHello, "drop 250", "drop 250", "drop 250"}},
    {"HELO c", {kHello, kHello, kHello, "drop 250", "drop 250", "drop 250"}},
    {"STARTTLS", {kOrder, kOrder, kHands, kOrder, kOrder, kOrder}},
    {"MAIL FROM:<a@b.uk>", {kOrder, "open mail", "open mail", kOrder, kOrder, kOrder}},
    {"MAIL FROM:<a@b.uk> REQUIRETLS", {kOrder, kTls, kTls, kOrder, kOrder, kOrder}},
    {"RCPT TO:<c@d.uk>", {kOrder, kOrder, kOrder, "add recipient", "add recipient", kOrder}},
    {"DATA", {kOrder, kOrder, kOrder, kOrder, "start data", kOrder}},
    {"BDAT 7", {kSkip, kSkip, kSkip, kSkip, "take 7", "take 7"}},
    {"BDAT 7 LAST", {kSkip, kSkip, kSkip, kSkip, "take 7 last", "take 7 last"}},
    {"RSET", {kOk, kOk, kOk, kDrop, kDrop, kDrop}},
    {"NOOP", {kOk, kOk, kOk, kOk, kOk, kOk}},
    {"VRFY x", {kVrfy, kVrfy, kVrfy, kVrfy, kVrfy, kVrfy}},
    {"AUTH PLAIN AGEAYg==", std::vector<std::string>(6, "reply 502 5.5.1")},
    {"QUIT", std::vector<std::string>(6, kBye)},
};

TEST(Order, OfAClientThatMaySendInClearIsAsTheTableSays) {
  for (const Row& c : kClearOrderCases) {
    ASSERT_EQ(c.expected.size(), kClearStates.size()) << c.command;
    for (std::size_t i = 0; i < kClearStates.size(); ++i) {
      ServerSession session = clear_session_in(kClearStates[i], &kExcepted);
      ASSERT_EQ(session.state(), kClearStates[i]);
      EXPECT_EQ(say(session, c.command), c.expected[i]) << c.command << " in column " << i;
      EXPECT_FALSE(session.is_secured());
    }
  }
}

TEST(Order, OfAClientWhoseExceptionHasEndedIsEverybodys) {
  for (const Row& c : kOrderCases) {
    for (std::size_t i = 0; i < 3; ++i) {
      bool may_be_clear = true;
      ServerSession session = clear_session_in(kClearStates[i], &may_be_clear);
      may_be_clear = false;
      EXPECT_EQ(say(session, c.command), c.expected[i]) << c.command << " in column " << i;
    }
  }
}

TEST(ServerSession, ClearMailEndsWithTheExceptionInTheMiddleOfASession) {
  bool may_be_clear = true;
  ServerSession session = clear_session_in(State::kRecipient, &may_be_clear);
  may_be_clear = false;
  EXPECT_EQ(say(session, "DATA"), "start data") << "the mail that had begun";
  session.answered(go_ahead());
  accept(session);
  EXPECT_EQ(session.state(), State::kClearEhlo);
  EXPECT_EQ(say(session, "MAIL FROM:<a@b.uk>"), kTls);
  EXPECT_EQ(say(session, "STARTTLS"), kHands);
  session.secured();
  EXPECT_EQ(say(session, "EHLO c"), kHello);
  EXPECT_EQ(say(session, "MAIL FROM:<a@b.uk>"), "open mail");
}

TEST(ServerSession, AClientThatMaySendInClearStaysSoFromMailToMail) {
  for (const State greeted : {State::kClearHelo, State::kClearEhlo}) {
    ServerSession session = clear_session_in(greeted, &kExcepted);
    for (int i = 0; i < 2; ++i) {
      EXPECT_EQ(say(session, "MAIL FROM:<a@b.uk>"), "open mail");
      accept(session);
      EXPECT_EQ(say(session, "RCPT TO:<c@d.uk>"), "add recipient");
      accept(session);
      EXPECT_EQ(say(session, "DATA"), "start data");
      session.answered(go_ahead());
      session.answered(make_reply(i == 0 ? 250 : 451, "", "verdict"));
      EXPECT_EQ(session.state(), greeted);
    }
    EXPECT_EQ(say(session, "STARTTLS"), greeted == State::kClearEhlo ? kHands : kOrder);
  }
}

TEST(ServerSession, AClientThatMaySendInClearIsToldWhatAllAre) {
  ServerSession excepted = clear_session_in(State::kClear, &kExcepted);
  ServerSession other = session_in(State::kClear);
  const Command ehlo = parse_command("EHLO c");
  EXPECT_EQ(std::get<SendReply>(excepted.on(ehlo)).reply.lines,
            std::get<SendReply>(other.on(ehlo)).reply.lines);
}

TEST(ServerSession, AClientThatMaySendInClearIsTreatedAsAllInsideTls) {
  bool may_be_clear = true;
  ServerSession session = clear_session_in(State::kClearEhlo, &may_be_clear);
  EXPECT_EQ(say(session, "STARTTLS"), kHands);
  session.secured();
  EXPECT_EQ(say(session, "MAIL FROM:<a@b.uk>"), kOrder) << "EHLO must come again";
  EXPECT_EQ(say(session, "EHLO c"), kHello);
  may_be_clear = false;
  EXPECT_EQ(say(session, "MAIL FROM:<a@b.uk> REQUIRETLS"), "open mail");
}

std::vector<std::string> extensions_in(State state) {
  ServerSession session = session_in(state);
  const Action action = session.on(parse_command("EHLO c"));
  return std::get<SendReply>(action).reply.lines;
}

TEST(ServerSession, OffersStartTlsInClear) {
  EXPECT_EQ(extensions_in(State::kClear),
            (std::vector<std::string>{"gw.lawfirm.example", "STARTTLS", "SIZE 1000", "8BITMIME", "SMTPUTF8",
                                      "PIPELINING", "ENHANCEDSTATUSCODES", "CHUNKING",
                                      "LIMITS MAILMAX=50 RCPTMAX=2"}));
}

TEST(ServerSession, OffersNoStartTlsInsideTls) {
  EXPECT_EQ(extensions_in(State::kSecured),
            (std::vector<std::string>{"gw.lawfirm.example", "SIZE 1000", "8BITMIME", "SMTPUTF8", "PIPELINING",
                                      "ENHANCEDSTATUSCODES", "CHUNKING", "REQUIRETLS",
                                      "LIMITS MAILMAX=50 RCPTMAX=2"}));
}

TEST(ServerSession, TakesAsManyMailsAsItSays) {
  ServerSession::Options few = options();
  few.max_mails = 2;
  ServerSession session(few);
  EXPECT_EQ(say(session, "EHLO c"), "reply 250");
  EXPECT_EQ(say(session, "STARTTLS"), "shake hands 220 2.0.0");
  session.secured();
  const Action ehlo = session.on(parse_command("EHLO c"));
  EXPECT_EQ(std::get<SendReply>(ehlo).reply.lines.back(), "LIMITS MAILMAX=2 RCPTMAX=2");
  EXPECT_EQ(say(session, "MAIL FROM:<a@b>"), "open mail");
  refuse(session);  // a mail that was refused counts, too (RFC 9422 section 4.1)
  EXPECT_EQ(say(session, "MAIL FROM:<a@b>"), "open mail");
  accept(session);
  EXPECT_EQ(say(session, "RSET"), "drop 250 2.0.0");
  EXPECT_EQ(say(session, "MAIL FROM:<a@b>"), "close 421 4.7.1");
  EXPECT_EQ(session.state(), State::kClosed);
}

struct Offered {
  ServerSession::NextHopOffer by_hop;
  const char* size;
  bool dsn;
};

TEST(ServerSession, OffersNoMoreThanTheNextHop) {
  for (const Offered& c : std::vector<Offered>{{{0, false}, "SIZE 1000", false},
                                               {{0, true}, "SIZE 1000", true},
                                               {{999, false}, "SIZE 999", false},
                                               {{1000, true}, "SIZE 1000", true},
                                               {{5000, true}, "SIZE 1000", true},
                                               {{1, false}, "SIZE 1", false}}) {
    ServerSession session = session_in(State::kSecured);
    session.next_hop_offers(c.by_hop);
    const auto lines = std::get<SendReply>(session.on(parse_command("EHLO c"))).reply.lines;
    EXPECT_TRUE(std::ranges::contains(lines, c.size)) << c.size;
    EXPECT_EQ(std::ranges::contains(lines, "DSN"), c.dsn) << c.size;
  }
}

TEST(ServerSession, RefusesByItsOwnLimitAndNotByWhatTheNextHopSaidLastTime) {
  ServerSession session = session_in(State::kReady);
  session.next_hop_offers({.max_size_bytes = 500});
  EXPECT_EQ(say(session, "MAIL FROM:<a@b.uk> SIZE=1001"), "reply 552 5.3.4");
  EXPECT_EQ(say(session, "MAIL FROM:<a@b.uk> SIZE=1000"), "open mail");
}

TEST(ServerSession, TakesInternationalRecipientsOnlyInAnInternationalMail) {
  const char* recipient = "RCPT TO:<gr\xc3\xbc@d.uk>";
  ServerSession plain = session_in(State::kMail);
  EXPECT_EQ(say(plain, recipient), "reply 553 5.6.7");
  EXPECT_EQ(say(plain, "RSET"), kDrop);
  EXPECT_EQ(say(plain, "MAIL FROM:<a@b.uk> SMTPUTF8"), "open mail");
  accept(plain);
  EXPECT_EQ(say(plain, recipient), "add recipient");
  accept(plain);
  EXPECT_EQ(say(plain, "RSET"), kDrop);
  EXPECT_EQ(say(plain, "MAIL FROM:<a@b.uk>"), "open mail");
  accept(plain);
  EXPECT_EQ(say(plain, recipient), "reply 553 5.6.7");
}

TEST(ServerSession, GreetsWithItsName) {
  EXPECT_EQ(serialise(ServerSession(options()).greeting()), "220 gw.lawfirm.example ESMTP\r\n");
}

TEST(ServerSession, ForgetsTheClearNameAfterTheHandshake) {
  ServerSession session(options());
  (void)say(session, "EHLO lies.example");
  EXPECT_EQ(session.client_name(), "lies.example");
  (void)say(session, "STARTTLS");
  EXPECT_FALSE(session.is_secured());
  session.secured();
  EXPECT_TRUE(session.is_secured());
  EXPECT_EQ(session.client_name(), "");
  EXPECT_FALSE(session.is_esmtp());
  (void)say(session, "HELO truth.example");
  EXPECT_EQ(session.client_name(), "truth.example");
  EXPECT_FALSE(session.is_esmtp());
  EXPECT_EQ(say(session, "MAIL FROM:<>"), "open mail");
}

TEST(ServerSession, StaysInClearWhenTheDriverHasNoKeys) {
  ServerSession session = session_in(State::kClearEhlo);
  (void)say(session, "STARTTLS");
  session.answered(make_reply(454, "4.7.0", "no keys"));
  EXPECT_EQ(say(session, "MAIL FROM:<a@b.uk>"), kTls);
  EXPECT_EQ(say(session, "STARTTLS"), "shake hands 220 2.0.0");
}

TEST(ServerSession, HandsTheEnvelopeOver) {
  ServerSession session = session_in(State::kReady);
  const Action opened =
      session.on(parse_command("MAIL FROM:<Alice@b.uk> SIZE=1000 BODY=8BITMIME REQUIRETLS RET=HDRS"));
  const MailFrom& mail = std::get<OpenMail>(opened).mail;
  EXPECT_EQ(mail.reverse_path, (Address{"Alice", "b.uk"}));
  EXPECT_EQ(mail.size_bytes, 1000U);
  EXPECT_EQ(mail.body, BodyType::k8BitMime);
  EXPECT_TRUE(mail.require_tls);
  EXPECT_EQ(mail.ret, "HDRS");
  accept(session);
  const Action added = session.on(parse_command("RCPT TO:<c@d.uk> NOTIFY=NEVER"));
  EXPECT_EQ(std::get<AddRecipient>(added).recipient.address, (Address{"c", "d.uk"}));
  EXPECT_EQ(std::get<AddRecipient>(added).recipient.notify, "NEVER");
}

TEST(ServerSession, RefusesAMailThatSaysItIsTooBig) {
  ServerSession session = session_in(State::kReady);
  EXPECT_EQ(say(session, "MAIL FROM:<a@b.uk> SIZE=1001"), "reply 552 5.3.4");
  EXPECT_EQ(session.state(), State::kReady);
  EXPECT_EQ(say(session, "MAIL FROM:<a@b.uk> SIZE=1000"), "open mail");
}

TEST(ServerSession, OpensNoMailWhenTheDriverRefusesTheSender) {
  ServerSession session = session_in(State::kReady);
  (void)say(session, "MAIL FROM:<a@b.uk>");
  refuse(session);
  EXPECT_FALSE(session.has_open_mail());
  EXPECT_EQ(say(session, "RCPT TO:<c@d.uk>"), kOrder);
}

TEST(ServerSession, SaysNoValidRecipientsWhenAllWereRefused) {
  ServerSession session = session_in(State::kMail);
  (void)say(session, "RCPT TO:<c@d.uk>");
  refuse(session);
  for (int i = 0; i < 5; ++i)
    EXPECT_EQ(say(session, "DATA"), "reply 554 5.5.1");  // pipelining: no error of the client
  EXPECT_EQ(say(session, "RCPT TO:<e@f.uk>"), "add recipient");
}

TEST(ServerSession, StartsDataWhenOneOfTwoWasAccepted) {
  ServerSession session = session_in(State::kMail);
  (void)say(session, "RCPT TO:<c@d.uk>");
  accept(session);
  (void)say(session, "RCPT TO:<e@f.uk>");
  refuse(session);
  EXPECT_EQ(session.recipients(), 1U);
  EXPECT_EQ(say(session, "DATA"), "start data");
}

TEST(ServerSession, TakesOnlySoManyRecipients) {
  ServerSession session = session_in(State::kRecipient);
  (void)say(session, "RCPT TO:<e@f.uk>");
  accept(session);
  EXPECT_EQ(say(session, "RCPT TO:<g@h.uk>"), "reply 452 4.5.3");
  EXPECT_EQ(session.recipients(), 2U);
  EXPECT_EQ(say(session, "DATA"), "start data");
}

ServerSession session_for_groups() {
  auto for_groups = options();
  for_groups.max_recipients = 4;
  ServerSession session(for_groups);
  session.secured();
  EXPECT_EQ(say(session, "EHLO c"), kHello);
  EXPECT_EQ(say(session, "MAIL FROM:<a@b.uk>"), "open mail");
  accept(session);
  return session;
}

TEST(ServerSession, TakesRecipientsAsAGroup) {
  ServerSession session = session_for_groups();
  EXPECT_FALSE(session.may_add_at_once());
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(say(session, "RCPT TO:<c@d.uk>"), "add recipient");
    EXPECT_TRUE(session.may_add_at_once());
  }
  accept(session);
  refuse(session);
  EXPECT_TRUE(session.may_add_at_once());
  accept(session);
  EXPECT_FALSE(session.may_add_at_once());
  EXPECT_EQ(session.recipients(), 2U);
  EXPECT_EQ(say(session, "DATA"), "start data");
}

TEST(ServerSession, TakesNoMoreInAGroupThanOneByOne) {
  ServerSession session = session_for_groups();
  for (int i = 0; i < 4; ++i) EXPECT_EQ(say(session, "RCPT TO:<c@d.uk>"), "add recipient");
  EXPECT_FALSE(session.may_add_at_once());
  accept(session);
  for (int i = 0; i < 3; ++i) refuse(session);
  EXPECT_EQ(say(session, "RCPT TO:<c@d.uk>"), "add recipient");
  EXPECT_FALSE(session.may_add_at_once());  // a fourth refusal would be the last one
  refuse(session);
  EXPECT_EQ(say(session, "RCPT TO:<c@d.uk>"), "reply 452 4.5.3");
}

TEST(ServerSession, AnswersInsideAGroupWhatItRefusesItself) {
  ServerSession session = session_for_groups();
  EXPECT_EQ(say(session, "RCPT TO:<c@d.uk>"), "add recipient");
  EXPECT_EQ(say(session, "RCPT TO:<\xc3\xbc@d.uk>"), "reply 553 5.6.7");
  EXPECT_TRUE(session.may_add_at_once());
  accept(session);
  EXPECT_EQ(say(session, "DATA"), "start data");
}

TEST(ServerSession, RefusesOnlySoManyRecipients) {
  ServerSession session = session_in(State::kMail);
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(say(session, "RCPT TO:<e@f.uk>"), "add recipient");
    refuse(session);
  }
  EXPECT_EQ(say(session, "RCPT TO:<g@h.uk>"), "reply 452 4.5.3");
}

TEST(ServerSession, ForgetsTheMailWhenDataIsRefused) {
  ServerSession session = session_in(State::kRecipient);
  (void)say(session, "DATA");
  session.answered(make_reply(451, "4.3.0", "no ledger"));
  EXPECT_EQ(session.state(), State::kReady);
  EXPECT_EQ(session.recipients(), 0U);
  EXPECT_EQ(say(session, "DATA"), kOrder);
}

TEST(ServerSession, IsReadyForTheNextMailAfterEitherVerdict) {
  for (const int code : {250, 451, 550}) {
    ServerSession session = session_in(State::kBody);
    EXPECT_TRUE(session.has_open_mail());
    session.answered(make_reply(code, "", "verdict"));
    EXPECT_FALSE(session.has_open_mail());
    EXPECT_EQ(session.recipients(), 0U);
    EXPECT_EQ(say(session, "MAIL FROM:<a@b.uk>"), "open mail");
  }
}

TEST(ServerSession, StartsAMailAfreshAfterRset) {
  ServerSession session = session_in(State::kRecipient);
  EXPECT_EQ(say(session, "RSET"), kDrop);
  EXPECT_EQ(say(session, "RCPT TO:<c@d.uk>"), kOrder);
  EXPECT_EQ(say(session, "MAIL FROM:<a@b.uk>"), "open mail");
  accept(session);
  EXPECT_EQ(session.recipients(), 0U);
  EXPECT_EQ(say(session, "DATA"), kOrder);
}

TEST(ServerSession, ClosesAfterTooManyBadCommands) {
  ServerSession session = session_in(State::kReady);
  EXPECT_EQ(say(session, "X"), "reply 500 5.5.1");
  EXPECT_EQ(say(session, "DATA"), kOrder);
  EXPECT_EQ(say(session, "EXPN x"), "close 421 4.7.0");
  EXPECT_EQ(session.state(), State::kClosed);
}

TEST(ServerSession, CountsCommandsBeforeTlsAsBad) {
  ServerSession session = session_in(State::kClearEhlo);
  EXPECT_EQ(say(session, "MAIL FROM:<a@b.uk>"), kTls);
  EXPECT_EQ(say(session, "RCPT TO:<a@b.uk>"), kTls);
  EXPECT_EQ(say(session, "DATA"), "close 421 4.7.0");
}

TEST(ServerSession, ClosesWhenNothingButIdleCommandsCome) {
  for (const char* command : {"NOOP", "RSET", "VRFY x", "EHLO c"}) {
    ServerSession session = session_in(State::kReady);  // two EHLO so far
    for (int i = 0; i < 3; ++i) EXPECT_TRUE(say(session, command).starts_with("reply 25"));
    EXPECT_EQ(say(session, command), "close 421 4.7.0") << command;
  }
}

TEST(ServerSession, CountsMailsWithoutAnEndAsIdle) {
  ServerSession session = session_in(State::kReady);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(say(session, "MAIL FROM:<a@b.uk>"), "open mail");
    accept(session);
    EXPECT_EQ(say(session, "RSET"), kDrop);
  }
  EXPECT_EQ(say(session, "MAIL FROM:<a@b.uk>"), "close 421 4.7.0");
}

TEST(ServerSession, TakesAMailInChunks) {
  for (const int verdict : {250, 451, 550}) {
    ServerSession session = session_in(State::kRecipient);
    EXPECT_EQ(say(session, "BDAT 3"), "take 3");
    accept(session);
    EXPECT_TRUE(session.has_open_mail());
    EXPECT_EQ(say(session, "BDAT 0 LAST"), "take 0 last");
    session.answered(make_reply(verdict, "", "verdict"));
    EXPECT_EQ(session.state(), State::kReady);
    EXPECT_EQ(session.recipients(), 0U);
    EXPECT_EQ(say(session, "MAIL FROM:<a@b.uk>"), "open mail");
  }
}

TEST(ServerSession, SkipsTheOtherChunksOfARefusedMail) {
  ServerSession session = session_in(State::kChunks);
  EXPECT_EQ(say(session, "BDAT 8"), "take 8");
  refuse(session);
  EXPECT_FALSE(session.has_open_mail());
  EXPECT_EQ(say(session, "BDAT 10 LAST"), "skip 10 503 5.5.1");
  EXPECT_EQ(say(session, "MAIL FROM:<a@b.uk>"), "open mail");
}

TEST(ServerSession, SkipsTheChunkOfAMailWithoutRecipients) {
  ServerSession session = session_in(State::kMail);
  EXPECT_EQ(say(session, "RCPT TO:<c@d.uk>"), "add recipient");
  refuse(session);
  EXPECT_EQ(say(session, "BDAT 9 LAST"), "skip 9 554 5.5.1");
}

TEST(ServerSession, ReadsNoChunkOfAnySize) {
  EXPECT_EQ(
      [] {
        ServerSession session = session_in(State::kRecipient);
        return say(session, "BDAT 2001 LAST");
      }(),
      "take 2001 last");
  for (const State state : {State::kReady, State::kRecipient, State::kChunks}) {
    ServerSession session = session_in(state);
    EXPECT_EQ(say(session, "BDAT 2002 LAST"), "close 552 5.3.4");
  }
}

TEST(ServerSession, ClosesWhenEmptyChunksNeverEnd) {
  for (const char* chunk : {"BDAT 0", "BDAT 1"}) {
    ServerSession session = session_in(chunk == std::string("BDAT 0") ? State::kChunks : State::kReady);
    std::string last;
    for (int i = 0; i < 6 && !last.starts_with("close"); ++i) {
      last = say(session, chunk);
      if (last.starts_with("take")) accept(session);
    }
    EXPECT_EQ(last, "close 421 4.7.0") << chunk;
  }
}

TEST(ServerSession, TakesNoChunksWhereItOffersNone) {
  auto without = options();
  without.chunking = false;
  ServerSession session(without);
  session.secured();
  const auto lines = std::get<SendReply>(session.on(parse_command("EHLO c"))).reply.lines;
  EXPECT_FALSE(std::ranges::contains(lines, "CHUNKING"));
  EXPECT_EQ(say(session, "BDAT 1 LAST"), "close 502 5.5.1");
}

TEST(ServerSession, ForgivesIdleCommandsAfterAMail) {
  ServerSession session = session_in(State::kBody);
  accept(session);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(say(session, "NOOP"), kOk);
  EXPECT_EQ(say(session, "NOOP"), "close 421 4.7.0");
}

TEST(ServerSession, MayStartInsideTls) {
  ServerSession session(options());
  session.secured();
  EXPECT_EQ(say(session, "EHLO c"), kHello);
  EXPECT_EQ(say(session, "MAIL FROM:<a@b.uk>"), "open mail");
}

TEST(ServerSessionDeathTest, EndsTheProcessOnABrokenCallOrder) {
  const Command noop = Noop{};
  ServerSession due = session_in(State::kReady);
  (void)due.on(parse_command("MAIL FROM:<a@b.uk>"));
  EXPECT_DEATH((void)due.on(noop), "");
  ServerSession group = session_for_groups();
  (void)group.on(parse_command("RCPT TO:<c@d.uk>"));
  EXPECT_DEATH((void)group.on(noop), "");
  ServerSession body = session_in(State::kBody);
  EXPECT_DEATH((void)body.on(noop), "");
  ServerSession idle = session_in(State::kReady);
  EXPECT_DEATH(accept(idle), "");
  EXPECT_DEATH(idle.secured(), "");
  ServerSession closed = session_in(State::kReady);
  (void)closed.on(Quit{});
  EXPECT_DEATH((void)closed.on(noop), "");
  ServerSession handshake = session_in(State::kClearEhlo);
  (void)handshake.on(StartTls{});
  EXPECT_DEATH(accept(handshake), "");
  EXPECT_DEATH(ServerSession(ServerSession::Options{}), "");
}

}  // namespace
}  // namespace privyseal::smtp
