// Several relays in order: a mail goes to the first that is ready for it, once, and one that fails is left
// alone for a while.
#include <gmock/gmock.h>

#include "tests/integration/gateway_lab.h"

namespace privyseal::test {
namespace {

using namespace std::chrono_literals;
using peer::Answer;
using peer::Event;
using peer::Gate;
using peer::Mail;
using peer::Script;
using peer::SmtpClient;
using peer::SmtpPeer;
using peer::Step;
using testing::HasSubstr;

constexpr const char* kSecondName = "relay2.cjsm.example";

class GatewayHops : public GatewayTest {
 protected:
  static void SetUpTestSuite() {
    open_lab({});
    auto started = SmtpPeer::start(second_tls());
    ASSERT_TRUE(started);
    second_ = std::move(*started);
    GatewaySettings settings = lab_->settings;
    settings.cjsm.extra +=
        "further_relays = [\"127.0.0.1:" + std::to_string(second_->port()) + " = " + kSecondName + "\"]\n";
    settings.limits = "hop_seconds = 4\nmax_connections_per_hop = 1\n";
    lab_->gateway.reset();
    auto gateway = TestGateway::start(settings);
    ASSERT_TRUE(gateway) << gateway.error().message;
    lab_->gateway = std::move(*gateway);
  }
  static void TearDownTestSuite() {
    GatewayTest::TearDownTestSuite();
    second_.reset();
  }

  static peer::TlsOptions second_tls() {
    return GatewayLab::with_certificate(lab_->relay_tls(), &lab_->egress_ca, {.dns_names = {kSecondName}});
  }

  void SetUp() override {
    GatewayTest::SetUp();
    second_->play({});
    second_->use(second_tls());
    second_->forget_sessions();
  }

  /// Both relays work, and the first one takes mails again, whatever the test before did to it.
  void TearDown() override {
    lab_->relay->play({});
    second_->play({});
    lab_->relay->use(lab_->relay_tls());
    EXPECT_TRUE(wait_until([] { return goes_to(lab_->relay.get()); }));
    GatewayTest::TearDown();
  }

  /// Sends a mail; whether it went to this relay.
  static bool goes_to(SmtpPeer* relay) {
    relay->forget_sessions();
    SmtpClient client = lab_->lan_client();
    const auto reply = client.send(mail_out());
    static_cast<void>(client.write("QUIT\r\n"));
    return reply && reply->code == 250 && relay->mails().size() == 1;
  }

  /// The first relay fails in this way before it accepts MAIL: the mail goes to the second.
  void expect_second_takes(const Script& first) {
    lab_->relay->play(first);
    const Mail mail = mail_out();
    expect_out(250, mail);
    EXPECT_TRUE(lab_->relay->mails().empty());
    ASSERT_EQ(second_->mails().size(), 1U);
    EXPECT_EQ(without_trace(second_->mails()[0].message), mail.message);
    const LedgerRow row = only_row();
    EXPECT_EQ(row.outcome, "delivered");
    EXPECT_EQ(row.hop, "127.0.0.1:" + std::to_string(second_->port()));
    EXPECT_THAT(row.peer_subject, HasSubstr(kSecondName));
  }

  /// The first relay fails in this way when it has accepted MAIL: the second hears nothing of the mail.
  void expect_second_is_not_asked(const Script& first, int code) {
    lab_->relay->play(first);
    expect_out(code, mail_out());
    EXPECT_TRUE(second_->sessions().empty());
    EXPECT_EQ(only_row().hop, "127.0.0.1:" + std::to_string(lab_->relay->port()));
  }

  struct HopState {
    std::string state;
    std::int64_t failures;
    std::string why;
  };
  static std::vector<HopState> states() {
    const auto status = lab_->gateway->ask({{"op", "status"}});
    EXPECT_TRUE(status);
    std::vector<HopState> states;
    const JsonArray* relays = status ? json_array(*status, "relays") : nullptr;
    if (relays == nullptr) return states;
    for (const auto& value : *relays) {
      const JsonObject& relay = value.as_object();
      states.push_back({.state = json_text(relay, "state").value_or(""),
                        .failures = json_number(relay, "failures", 0, 0, 1000).value_or(-1),
                        .why = json_text(relay, "why", "").value_or("")});
    }
    return states;
  }

  /// What people are told of the hop that is left alone.
  static std::string waits() {
    const auto status = lab_->gateway->ask({{"op", "status"}});
    EXPECT_TRUE(status);
    return status ? json_text(*status, "hop_waits", "").value_or("") : "";
  }

  static std::unique_ptr<SmtpPeer> second_;
};

std::unique_ptr<SmtpPeer> GatewayHops::second_;

TEST_F(GatewayHops, FirstOneIsPreferred) {
  for (int i = 0; i < 3; ++i) expect_out(250, mail_out());
  EXPECT_EQ(lab_->relay->mails().size(), 3U);
  EXPECT_TRUE(second_->sessions().empty());
  EXPECT_EQ(states().size(), 2U);
}

TEST_F(GatewayHops, SecondOneTakesWhatTheFirstCannot) {
  const std::vector<std::pair<const char*, Script>> failures{
      {"hangs before its greeting", peer::ending(Step::kGreeting, Answer::Then::kStall)},
      {"closes at once", peer::ending(Step::kGreeting, Answer::Then::kClose)},
      {"has no room", peer::replying(Step::kGreeting, "421 4.3.2 no room\r\n")},
      {"offers no TLS", peer::without_starttls()},
      {"refuses TLS", peer::replying(Step::kStartTls, "454 4.7.0 not now\r\n")},
      {"ends the handshake", peer::ending(Step::kHandshake, Answer::Then::kReset)},
      {"hangs in the handshake", peer::ending(Step::kHandshake, Answer::Then::kStall)},
      {"dies at MAIL", peer::ending(Step::kMail, Answer::Then::kReset)},
      {"hangs at MAIL", peer::ending(Step::kMail, Answer::Then::kStall)}};
  for (const auto& [what, script] : failures) {
    SCOPED_TRACE(what);
    SetUp();
    expect_second_takes([&](const Event& event, Answer usual) {
      Answer answer = script(event, usual);
      if (event.step == Step::kMail && answer.then != Answer::Then::kGoOn) answer.reply.clear();
      return answer;
    });
    EXPECT_EQ(states().at(1).failures, 0);
    TearDown();
  }
}

TEST_F(GatewayHops, OneThatHangsAtMailHasNoMoreThanItsShareWithoutPipeliningEither) {
  const Script one_by_one = peer::offering({});
  expect_second_takes([&](const Event& event, Answer usual) {
    if (event.step == Step::kMail) return Answer{.reply = "", .then = Answer::Then::kStall};
    return event.step == Step::kEhlo && event.is_encrypted ? one_by_one(event, usual) : usual;
  });
  EXPECT_EQ(states().at(1).failures, 0);
}

TEST_F(GatewayHops, OneWithoutAnyTimeLeftIsNeitherTriedNorBlamed) {
  lab_->relay->play(peer::ending(Step::kGreeting, Answer::Then::kStall));
  std::thread sender([this] { expect_out(451, mail_out()); });
  EXPECT_TRUE(wait_until([] { return lab_->relay->sessions().size() == 1; }));
  lab_->gateway->process().signal(SIGSTOP);
  std::this_thread::sleep_for(4500ms);  // all of hop_seconds
  lab_->gateway->process().signal(SIGCONT);
  sender.join();
  EXPECT_TRUE(second_->sessions().empty());
  EXPECT_EQ(states().at(0).failures, 1);
  EXPECT_EQ(states().at(1).failures, 0);
}

TEST_F(GatewayHops, OneThatClosesInsteadOfAnsweringMailHasFailed) {
  const Script closing = peer::replying(Step::kMail, "421 4.3.2 closing\r\n");
  expect_second_takes(closing);
  EXPECT_EQ(states().at(0).failures, 1);
  EXPECT_EQ(states().at(0).why, "is closing");
  TearDown();
  SetUp();
  const Script one_by_one = peer::offering({});
  expect_second_takes([&](const Event& event, Answer usual) {
    return event.step == Step::kEhlo && event.is_encrypted ? one_by_one(event, usual) : closing(event, usual);
  });
  EXPECT_EQ(states().at(0).failures, 1);
}

TEST_F(GatewayHops, EachOneMustShowItsOwnName) {
  lab_->relay->use(second_tls());
  expect_second_takes({});
  SetUp();
  second_->use(lab_->relay_tls());
  lab_->relay->play(peer::ending(Step::kGreeting, Answer::Then::kClose));
  expect_out(451, mail_out());
  EXPECT_TRUE(second_->mails().empty());
}

TEST_F(GatewayHops, LimitOfOneIsNoReasonToRefuseWhatAnotherTakes) {
  second_->play(peer::offering({"SIZE 100000"}));
  lab_->relay->play(peer::ending(Step::kGreeting, Answer::Then::kClose));
  expect_out(250, mail_out());
  EXPECT_EQ(second_->mails().size(), 1U);
  const std::string from = "MAIL FROM:<alice@lawfirm.example> SIZE=20000000";
  const std::string to = "RCPT TO:<bob@police.example.cjsm.net>";
  SmtpClient without_first = lab_->lan_client();
  EXPECT_EQ(without_first.command(from)->code, 250);
  EXPECT_EQ(without_first.command(to)->code, 552) << "the hop that there is cannot take it";
  lab_->relay->play({});
  SmtpClient client = lab_->lan_client();
  EXPECT_THAT(client.command("EHLO client.example")->text, HasSubstr("SIZE 26214400\n"));
  EXPECT_EQ(client.command(from)->code, 250);
  EXPECT_EQ(client.command(to)->code, 250);
  EXPECT_EQ(client.command("RSET")->code, 250);
  EXPECT_EQ(states().at(1).failures, 0);
}

TEST_F(GatewayHops, LimitOfThePreferredOneIsAnnounced) {
  lab_->relay->play(peer::offering({"SIZE 100000"}));
  expect_out(250, mail_out());
  const auto announced = [] { return lab_->lan_client().command("EHLO client.example")->text; };
  EXPECT_THAT(announced(), HasSubstr("SIZE 98976\n"));  // less our Received: line
  lab_->relay->play(peer::ending(Step::kGreeting, Answer::Then::kClose));
  expect_out(250, mail_out());
  EXPECT_EQ(second_->mails().size(), 1U);
  EXPECT_THAT(announced(), HasSubstr("SIZE 98976\n"));
}

TEST_F(GatewayHops, NoOtherIsAskedWhenOneHasAcceptedOrRefusedMail) {
  expect_second_is_not_asked(peer::replying(Step::kMail, "550 5.7.1 not you\r\n"), 550);
  SetUp();
  expect_second_is_not_asked(peer::replying(Step::kRcpt, "451 4.3.0 later\r\n"), 451);
  for (const Step step : {Step::kRcpt, Step::kData, Step::kFinalDot}) {
    SetUp();  // a reset could overtake the answer to MAIL
    expect_second_is_not_asked(peer::ending(step, Answer::Then::kClose), 451);
    EXPECT_LE(lab_->relay->sessions().size(), 1U);
  }
}

TEST_F(GatewayHops, OneThatFailsIsLeftAloneAndThenTriedByOneMail) {
  lab_->relay->play(peer::ending(Step::kGreeting, Answer::Then::kClose));
  for (int i = 0; i < 5; ++i) expect_out(250, mail_out());
  EXPECT_EQ(lab_->relay->sessions().size(), 5U);
  EXPECT_EQ(states().at(0).state, "paused");
  EXPECT_EQ(states().at(0).failures, 5);
  EXPECT_NE(states().at(0).why, "");
  EXPECT_THAT(waits(),
              HasSubstr("127.0.0.1:" + std::to_string(lab_->relay->port()) + " failed 5 times in a row"));
  expect_out(250, mail_out());
  EXPECT_EQ(lab_->relay->sessions().size(), 5U) << "it was not even connected to";
  EXPECT_EQ(second_->mails().size(), 6U);
  EXPECT_EQ(states().at(1).state, "in-use");
  EXPECT_THAT(lab_->gateway->output(), HasSubstr("next-hop-paused"));
  lab_->relay->play({});
  EXPECT_TRUE(wait_until([] { return goes_to(lab_->relay.get()); }));
  EXPECT_EQ(states().at(0).state, "in-use");
  EXPECT_EQ(states().at(0).failures, 0);
  EXPECT_EQ(waits(), "");
}

TEST_F(GatewayHops, SendersHearAtOnceThatAllAreLeftAlone) {
  for (SmtpPeer* relay : {lab_->relay.get(), second_.get()})
    relay->play(peer::ending(Step::kGreeting, Answer::Then::kClose));
  for (int i = 0; i < 5; ++i) expect_out(451, mail_out());
  for (SmtpPeer* relay : {lab_->relay.get(), second_.get()}) {
    relay->play({});
    relay->forget_sessions();
  }
  const auto reply = lab_->lan_client().send(mail_out());
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->code, 451);
  EXPECT_THAT(reply->text, HasSubstr("4.4.1"));
  EXPECT_TRUE(lab_->relay->sessions().empty());
  EXPECT_TRUE(second_->sessions().empty());
  EXPECT_EQ(rows(6).at(5).outcome, "deferred");
}

TEST_F(GatewayHops, OneThatIsFullLeavesMailsToTheNextAndThenToTheirSenders) {
  Gate gate;
  const auto waiting = [&](const Event& event, Answer usual) {
    if (event.step == Step::kRcpt) gate.wait();
    return usual;
  };
  lab_->relay->play(waiting);
  second_->play(waiting);
  std::vector<std::thread> senders;
  for (SmtpPeer* relay : {lab_->relay.get(), second_.get()}) {
    senders.emplace_back([this] { expect_out(250, mail_out()); });
    EXPECT_TRUE(wait_until([&] { return relay->sessions().size() == 1; }));
  }
  const auto reply = lab_->lan_client().send(mail_out());
  gate.open();
  for (std::thread& sender : senders) sender.join();
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->code, 451);
  EXPECT_THAT(reply->text, HasSubstr("4.4.5"));
  EXPECT_EQ(states().at(0).failures, 0) << "to be full is no failure";
}

}  // namespace
}  // namespace privyseal::test
