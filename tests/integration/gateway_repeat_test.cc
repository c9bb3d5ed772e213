// A sender that did not hear our 250 sends the mail again: the next hop has it once.
#include <gmock/gmock.h>
#include <signal.h>

#include "firmware/base/database.h"
#include "tests/integration/gateway_lab.h"

namespace privyseal::test {
namespace {

using namespace std::chrono_literals;
using peer::Answer;
using peer::Event;
using peer::Gate;
using peer::Mail;
using peer::SmtpClient;
using peer::Step;
using testing::HasSubstr;

class GatewayRepeat : public GatewayTest {
 protected:
  static void SetUpTestSuite() { open_lab({}); }

  static void begin(SmtpClient& client, const Mail& mail, std::string_view behind = "") {
    ASSERT_EQ(client.envelope(mail)->code, 354);
    ASSERT_TRUE(client.write(peer::dot_stuffed(mail.message) + std::string(behind)));
  }

  /// Until the gateway has noticed that so many senders left without a word.
  void expect_noticed(std::size_t count = 1) const {
    EXPECT_TRUE(wait_until([&] {
      std::size_t found = 0;
      const std::string log = lab_->gateway->output().substr(log_before_);
      for (std::size_t at = 0; (at = log.find("verdict-unheard", at)) != std::string::npos; ++at) ++found;
      return found >= count;
    }));
  }

  /// Sends the mail; the hop's verdict is on the disk, and the sender has not read ours.
  void send_unread(SmtpClient& client, const Mail& mail, std::string_view outcome = "delivered") {
    begin(client, mail);
    ASSERT_EQ(only_row().outcome, outcome);
  }

  /// Sends the mail; the hop has all of it, and its verdict waits for `gate`.
  void send_held(SmtpClient& client, const Mail& mail, Gate& gate) {
    lab_->relay->play([&](const Event& event, Answer usual) {
      if (event.step == Step::kFinalDot) gate.wait();
      return usual;
    });
    begin(client, mail);
    ASSERT_TRUE(wait_until([&] { return !lab_->relay->mails().empty(); }));
  }

  /// The mail is delivered, and its sender's host is gone before our 250 is there.
  void lose_answer(SmtpClient client, const Mail& mail) {
    ASSERT_NO_FATAL_FAILURE(send_unread(client, mail));
    client.reset();
    expect_noticed();
  }
  void lose_answer(const Mail& mail) { lose_answer(lab_->lan_client(), mail); }

  void expect_repeated(const Mail& mail) {
    const auto first = rows(1).at(0).id;
    const auto reply = lab_->lan_client().send(mail);
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->code, 250);
    EXPECT_THAT(reply->text, HasSubstr("as mail " + std::to_string(first)));
    EXPECT_EQ(lab_->relay->mails().size(), 1U);
    const LedgerRow row = rows(2).at(1);
    EXPECT_EQ(row.outcome, "repeated");
    EXPECT_EQ(row.size_bytes, rows(2).at(0).size_bytes);
    EXPECT_THAT(row.reply, HasSubstr("as mail " + std::to_string(first)));
  }

  void expect_passed(const Mail& mail) {
    expect_out(250, mail);
    EXPECT_EQ(lab_->relay->mails().size(), 2U);
    EXPECT_EQ(rows(2).at(1).outcome, "delivered");
  }

  void SetUp() override {
    GatewayTest::SetUp();
    log_before_ = lab_->gateway->output().size();
  }

  std::size_t log_before_ = 0;
};

TEST_F(GatewayRepeat, MailWhoseSenderDiedAfterTheHopsVerdictGoesOnce) {
  const Mail mail = mail_out();
  lose_answer(mail);
  expect_repeated(mail);
}

TEST_F(GatewayRepeat, MailWhoseSenderDiedDuringTheHopsVerdictGoesOnce) {
  const Mail mail = mail_out();
  Gate gate;
  SmtpClient client = lab_->lan_client();
  ASSERT_NO_FATAL_FAILURE(send_held(client, mail, gate));
  client.reset();
  gate.open();
  expect_noticed();
  expect_repeated(mail);
}

TEST_F(GatewayRepeat, MailWhoseSenderSaidNothingMoreGoesOnceHoweverOftenItComes) {
  const Mail mail = mail_out();
  for (std::size_t i = 1; i <= 3; ++i) {
    SmtpClient client = lab_->lan_client();
    begin(client, mail);
    EXPECT_EQ(rows(i).at(i - 1).outcome, i == 1 ? "delivered" : "repeated");
    SmtpClient(std::move(client));  // closed by its end
    expect_noticed(i);
  }
  EXPECT_EQ(lab_->relay->mails().size(), 1U);
}

TEST_F(GatewayRepeat, QuitThatWasSentWithTheMailIsNoSignThatItsSenderHeard) {
  const Mail mail = mail_out();
  {
    SmtpClient client = lab_->lan_client();
    begin(client, mail, "QUIT\r\n");
    EXPECT_TRUE(client.is_ended_by_server(10s));
  }
  expect_repeated(mail);
}

TEST_F(GatewayRepeat, SenderThatWentOnAndSendsTheSameBytesMeansIt) {
  const Mail mail = mail_out();
  SmtpClient client = lab_->lan_client();
  EXPECT_EQ(client.send(mail)->code, 250);
  EXPECT_EQ(client.command("NOOP")->code, 250);
  client.reset();
  expect_passed(mail);
}

TEST_F(GatewayRepeat, SenderThatHeardOfTheRepeatMayMeanIt) {
  const Mail mail = mail_out();
  lose_answer(mail);
  SmtpClient client = lab_->lan_client();
  EXPECT_EQ(client.send(mail)->code, 250);
  EXPECT_EQ(rows(2).at(1).outcome, "repeated");
  EXPECT_EQ(client.command("NOOP")->code, 250);
  EXPECT_EQ(client.send(mail)->code, 250);
  EXPECT_EQ(rows(3).at(2).outcome, "delivered");
  EXPECT_EQ(lab_->relay->mails().size(), 2U);
}

TEST_F(GatewayRepeat, SameBytesOnTwoConnectionsAtOnceAreTwoMails) {
  const Mail mail = mail_out();
  SmtpClient client = lab_->lan_client();
  EXPECT_EQ(client.send(mail)->code, 250);
  expect_passed(mail);
}

TEST_F(GatewayRepeat, OtherBodyIsAnotherMail) {
  Mail mail = mail_out();
  lose_answer(mail);
  mail.message += "one line more\r\n";
  expect_passed(mail);
}

TEST_F(GatewayRepeat, OtherRecipientIsAnotherMail) {
  Mail mail = mail_out();
  lose_answer(mail);
  mail.recipients.emplace_back("carol@police.example.cjsm.net");
  expect_passed(mail);
}

TEST_F(GatewayRepeat, OtherHostsMailIsAnotherMail) {
  const Mail mail = mail_out();
  lose_answer(mail);
  auto other = SmtpClient::connect(lab_->gateway->lan_port(), "127.0.0.2");
  ASSERT_TRUE(other && other->open(lab_->lan_client_tls()));
  EXPECT_EQ(other->send(mail)->code, 250);
  EXPECT_EQ(lab_->relay->mails().size(), 2U);
  EXPECT_EQ(other->command("QUIT")->code, 221);
}

TEST_F(GatewayRepeat, MailThatTheHopDidNotTakeIsSentAgain) {
  const Mail mail = mail_out();
  lab_->relay->play(peer::replying(Step::kFinalDot, "451 4.3.0 not now\r\n"));
  SmtpClient client = lab_->lan_client();
  ASSERT_NO_FATAL_FAILURE(send_unread(client, mail, "deferred"));
  client.reset();
  lab_->relay->play({});
  expect_passed(mail);
}

TEST_F(GatewayRepeat, HoldsForMailIn) {
  const Mail mail = mail_in();
  lose_answer(lab_->cjsm_client(), mail);
  EXPECT_EQ(lab_->cjsm_client().send(mail)->code, 250);
  EXPECT_EQ(rows(2).at(1).outcome, "repeated");
  EXPECT_EQ(lab_->server->mails().size(), 1U);
}

TEST_F(GatewayRepeat, HoldsForChunksAndTheLastOneIsNotPassedOn) {
  const Mail mail = mail_out();
  const auto send = [&](SmtpClient& client) {
    EXPECT_EQ(client.command("MAIL FROM:<" + mail.sender + ">")->code, 250);
    EXPECT_EQ(client.command("RCPT TO:<" + mail.recipients[0] + ">")->code, 250);
    EXPECT_TRUE(client.write("BDAT " + std::to_string(mail.message.size()) + " LAST\r\n" + mail.message));
  };
  for (const bool hop_takes_chunks : {true, false}) {
    SetUp();
    if (hop_takes_chunks) lab_->relay->play(peer::offering({"PIPELINING", "8BITMIME", "CHUNKING"}));
    SmtpClient client = lab_->lan_client();
    send(client);
    ASSERT_EQ(only_row().outcome, "delivered");
    client.reset();
    expect_noticed();
    SmtpClient again = lab_->lan_client();
    send(again);
    EXPECT_EQ(again.read_reply()->code, 250);
    EXPECT_EQ(again.command("QUIT")->code, 221);
    EXPECT_EQ(rows(2).at(1).outcome, "repeated");
    EXPECT_EQ(lab_->relay->mails().size(), 1U);
  }
}

TEST_F(GatewayRepeat, KilledGatewayStillKnows) {
  const Mail mail = mail_out();
  SmtpClient client = lab_->lan_client();
  ASSERT_NO_FATAL_FAILURE(send_unread(client, mail));  // whether the sender hears it is not known
  ASSERT_TRUE(lab_->gateway->restart(SIGKILL));
  expect_repeated(mail);
}

TEST_F(GatewayRepeat, GatewayKilledBeforeTheHopsVerdictSendsAgain) {
  const Mail mail = mail_out();
  Gate gate;
  SmtpClient client = lab_->lan_client();
  ASSERT_NO_FATAL_FAILURE(send_held(client, mail, gate));
  ASSERT_TRUE(lab_->gateway->restart(SIGKILL));
  gate.open();
  EXPECT_EQ(only_row().outcome, "unknown");
  expect_passed(mail);
}

TEST_F(GatewayRepeat, AfterADayTheMailIsSentAgain) {
  for (const int hours : {23, 25}) {
    SetUp();
    const Mail mail = mail_out();
    lose_answer(mail);
    auto ledger = Database::open(lab_->gateway->ledger(), Database::Mode::kReadWrite);
    ASSERT_TRUE(
        ledger &&
        ledger->execute(("UPDATE unheard SET at_ms = at_ms - 3600000 * " + std::to_string(hours)).c_str()));
    ASSERT_TRUE(lab_->gateway->restart(SIGTERM));
    if (hours < 24)
      expect_repeated(mail);
    else
      expect_passed(mail);
  }
}

TEST_F(GatewayRepeat, WhatIsKeptForADayTellsNothingOfTheMail) {
  lose_answer(mail_out());
  auto ledger = Database::open(lab_->gateway->ledger(), Database::Mode::kReadOnly);
  ASSERT_TRUE(ledger);
  auto select = ledger->prepare("SELECT count(*), max(length(identity)) FROM unheard");
  ASSERT_TRUE(select && select->step());
  EXPECT_GE(select->number(0), 1);
  EXPECT_EQ(select->number(1), 32);
}

}  // namespace
}  // namespace privyseal::test
