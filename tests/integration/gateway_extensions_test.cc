// What a mail may ask for beyond plain SMTP, and what becomes of it when the next hop can and when it cannot.
#include <gmock/gmock.h>

#include "tests/integration/gateway_lab.h"

namespace privyseal::test {
namespace {

using peer::Mail;
using peer::SmtpClient;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class GatewayExtensions : public GatewayTest {
 protected:
  /// The relay offers these from now on, and the gateway has seen it.
  void relay_offers(const std::vector<std::string>& extensions) {
    lab_->relay->play(peer::offering(extensions));
    expect_out(250, mail_out());
    lab_->relay->forget_sessions();
  }

  static std::string our_ehlo() { return lab_->lan_client().command("EHLO client.example")->text; }

  /// MAIL, RCPT and a short message; the first reply that is no 2xx or 354, or the verdict.
  static peer::Reply send(SmtpClient client, const std::vector<std::string>& envelope,
                          const std::string& message = "Subject: x\r\n\r\nhello\r\n") {
    for (const std::string& line : envelope)
      if (auto reply = client.command(line); reply->code != 250) return *reply;
    if (auto reply = client.command("DATA"); reply->code != 354) return *reply;
    EXPECT_TRUE(client.write(peer::dot_stuffed(message)));
    return *client.read_reply();
  }

  /// The relay was asked for nothing, or got no end of a mail.
  static void expect_no_mail() {
    for (const auto& session : sessions_of(lab_->relay.get()))
      for (const auto& transaction : session.transactions) EXPECT_FALSE(transaction.is_complete);
    lab_->relay->forget_sessions();
  }

  const std::string from_ = "MAIL FROM:<alice@lawfirm.example>";
  const std::string to_ = "RCPT TO:<bob@police.example.cjsm.net>";
};

TEST_F(GatewayExtensions, OffersTheSmallerSize) {
  relay_offers({"PIPELINING", "SIZE 100000", "8BITMIME"});
  EXPECT_THAT(our_ehlo(), HasSubstr("SIZE 98976\n"));  // less our Received: line
  EXPECT_EQ(send(lab_->lan_client(), {from_ + " SIZE=98977", to_}).code, 552);
  expect_no_mail();
  std::string big = "Subject: x\r\n\r\n";
  while (big.size() <= 98976) big += std::string(100, 'x') + "\r\n";
  EXPECT_EQ(send(lab_->lan_client(), {from_, to_}, big).code, 552);
  expect_no_mail();
  EXPECT_EQ(send(lab_->lan_client(), {from_ + " SIZE=98976", to_}, big.substr(0, 98974) + "\r\n").code, 250);
  EXPECT_THAT(lab_->relay->mails().at(0).mail, HasSubstr(" SIZE=100000"));
  relay_offers({"SIZE 0"});
  EXPECT_THAT(our_ehlo(), HasSubstr("SIZE 26214400\n"));
  relay_offers({"SIZE 1000000000"});
  EXPECT_THAT(our_ehlo(), HasSubstr("SIZE 26214400\n"));
}

TEST_F(GatewayExtensions, RelaysStatusNotificationsUnchangedOrNotAtAll) {
  const std::string mail = " RET=hdrs ENVID=QQ+2B314";
  const std::string recipient = " NOTIFY=success,FAILURE ORCPT=rfc822;Bob+40x@police.example";
  relay_offers({"PIPELINING", "DSN"});
  EXPECT_THAT(our_ehlo(), HasSubstr("DSN"));
  EXPECT_EQ(send(lab_->lan_client(), {from_ + mail, to_ + recipient}).code, 250);
  EXPECT_EQ(lab_->relay->mails().at(0).mail, from_ + mail);
  EXPECT_THAT(lab_->relay->mails().at(0).rcpts, ElementsAre(to_ + recipient));
  relay_offers({"PIPELINING"});
  EXPECT_THAT(our_ehlo(), Not(HasSubstr("DSN")));
  EXPECT_EQ(send(lab_->lan_client(), {from_ + mail, to_ + recipient}).code, 250);
  EXPECT_EQ(lab_->relay->mails().at(0).mail, from_);
  EXPECT_THAT(lab_->relay->mails().at(0).rcpts, ElementsAre(to_));
  EXPECT_EQ(send(lab_->lan_client(), {from_ + " ENVID=a+0D+0Ab"}).code, 501);
  EXPECT_EQ(send(lab_->lan_client(), {from_, to_ + " ORCPT=rfc822;a+0Ab"}).code, 501);
}

TEST_F(GatewayExtensions, CarriesInternationalMailWhereTheRelayTakesIt) {
  const std::string from =
      "MAIL FROM:<gr\xc3\xbc\xc3\x9f"
      "e@lawfirm.example> SMTPUTF8";
  const std::string to = "RCPT TO:<\xe4\xbd\xa0@p\xc3\xb6lice.example.cjsm.net>";
  const std::string message = "Subject: gr\xc3\xbc\xc3\x9f\r\n\r\nx\r\n";
  relay_offers({"PIPELINING", "8BITMIME", "SMTPUTF8"});
  EXPECT_THAT(our_ehlo(), HasSubstr("SMTPUTF8"));
  EXPECT_EQ(send(lab_->lan_client(), {from, to}, message).code, 250);
  const auto mails = lab_->relay->mails();
  ASSERT_EQ(mails.size(), 1U);
  EXPECT_EQ(mails[0].mail, from);
  EXPECT_THAT(mails[0].rcpts, ElementsAre(to));
  EXPECT_THAT(mails[0].message, HasSubstr("with UTF8SMTPS"));
  EXPECT_EQ(without_trace(mails[0].message), message);
  EXPECT_EQ(rows(2).at(1).recipients, "\xe4\xbd\xa0@p\xc3\xb6lice.example.cjsm.net");
}

TEST_F(GatewayExtensions, RefusesInternationalMailThatTheRelayDoesNotTake) {
  relay_offers({"PIPELINING", "8BITMIME"});
  for (const char* sender : {"gr\xc3\xbc\xc3\x9f@lawfirm.example", "alice@lawfirm.example"}) {
    const auto reply = send(lab_->lan_client(), {"MAIL FROM:<" + std::string(sender) + "> SMTPUTF8", to_});
    EXPECT_THAT(reply.text, StartsWith("550 5.6.7"));
  }
  for (const auto& session : sessions_of(lab_->relay.get())) EXPECT_TRUE(session.transactions.empty());
  EXPECT_THAT(send(lab_->lan_client(), {"MAIL FROM:<gr\xc3\xbc\xc3\x9f@lawfirm.example>"}).text,
              StartsWith("553 5.6.7"));
  EXPECT_THAT(send(lab_->lan_client(), {from_, "RCPT TO:<\xc3\xbc@police.example.cjsm.net>"}).text,
              StartsWith("553 5.6.7"));
}

TEST_F(GatewayExtensions, NoDomainThatLooksLikeCjsmIsCjsm) {
  relay_offers({"PIPELINING", "SMTPUTF8"});
  for (const char* domain :
       {"a.\xef\xbd\x83jsm.net",
        "a\xe3\x80\x82"
        "cjsm.net",
        "a\xef\xbc\x8e"
        "cjsm.net",
        "a.cjsm\xe3\x80\x82net", "a.cjsm.ne\xc5\xa7", "a.cj\xc5\xbfm.net", "cj\xd1\x95m.net"})
    EXPECT_THAT(
        send(lab_->lan_client(), {from_ + " SMTPUTF8", "RCPT TO:<x@" + std::string(domain) + ">"}).text,
        StartsWith("550 5.7.1"))
        << domain;
  EXPECT_TRUE(lab_->relay->sessions().empty());
}

TEST_F(GatewayExtensions, PassesTheWishForTlsOnOrRefusesIt) {
  relay_offers({"PIPELINING", "REQUIRETLS"});
  EXPECT_THAT(our_ehlo(), HasSubstr("REQUIRETLS"));
  EXPECT_EQ(send(lab_->lan_client(), {from_ + " REQUIRETLS", to_}).code, 250);
  EXPECT_EQ(lab_->relay->mails().at(0).mail, from_ + " REQUIRETLS");
  relay_offers({"PIPELINING"});
  EXPECT_THAT(send(lab_->lan_client(), {from_ + " REQUIRETLS", to_}).text, StartsWith("550 5.7.30"));
  for (const auto& session : sessions_of(lab_->relay.get())) EXPECT_TRUE(session.transactions.empty());
  auto in_clear = SmtpClient::connect(lab_->gateway->lan_port());
  ASSERT_TRUE(in_clear);
  EXPECT_EQ(in_clear->read_reply()->code, 220);
  EXPECT_THAT(in_clear->command("EHLO client.example")->text, Not(HasSubstr("REQUIRETLS")));
}

TEST_F(GatewayExtensions, RefusesEightBitsOnlyWhereTheyAreAndTheRelayTakesNone) {
  relay_offers({"PIPELINING"});
  const std::string from = from_ + " BODY=8BITMIME";
  EXPECT_EQ(send(lab_->lan_client(), {from, to_}).code, 250);
  EXPECT_EQ(lab_->relay->mails().at(0).mail, from_);
  lab_->relay->forget_sessions();
  for (const std::string& line : {from, from_}) {
    const auto reply = send(lab_->lan_client(), {line, to_}, "Subject: x\r\n\r\ngr\xc3\xbc\xc3\x9f\r\n");
    EXPECT_THAT(reply.text, StartsWith("550 5.6.3"));
    expect_no_mail();
  }
  relay_offers({"PIPELINING", "8BITMIME"});
  EXPECT_EQ(send(lab_->lan_client(), {from, to_}, "Subject: x\r\n\r\ngr\xc3\xbc\xc3\x9f\r\n").code, 250);
  EXPECT_EQ(lab_->relay->mails().at(0).mail, from);
}

TEST_F(GatewayExtensions, KeepsTheLimitsOfTheRelayAndTellsItsOwn) {
  EXPECT_THAT(our_ehlo(), HasSubstr("LIMITS MAILMAX=1000 RCPTMAX=100"));
  relay_offers({"PIPELINING", "LIMITS RCPTMAX=1"});
  SmtpClient client = lab_->lan_client();
  EXPECT_EQ(client.command(from_)->code, 250);
  EXPECT_EQ(client.command(to_)->code, 250);
  EXPECT_EQ(client.command("RCPT TO:<carol@york.cjsm.net>")->code, 452);
  EXPECT_EQ(send(std::move(client), {}).code, 250);
  EXPECT_THAT(lab_->relay->mails().at(0).rcpts, ElementsAre(to_));
}

TEST_F(GatewayExtensions, CarriesParametersOfMailInAsWell) {
  lab_->server->play(peer::offering({"SMTPUTF8", "8BITMIME", "DSN", "REQUIRETLS"}));
  const std::string from =
      "MAIL FROM:<b\xc3\xb6"
      "b@police.example.cjsm.net> SMTPUTF8 REQUIRETLS RET=FULL ENVID=x";
  EXPECT_EQ(send(lab_->cjsm_client(), {from, "RCPT TO:<alice@lawfirm.example.cjsm.net> NOTIFY=NEVER"}).code,
            250);
  const auto mails = lab_->server->mails();
  ASSERT_EQ(mails.size(), 1U);
  EXPECT_EQ(mails[0].mail, from);
  EXPECT_THAT(mails[0].rcpts, ElementsAre("RCPT TO:<alice@lawfirm.example> NOTIFY=NEVER"));
  lab_->server->play(nullptr);
  EXPECT_THAT(send(lab_->cjsm_client(), {from, "RCPT TO:<alice@lawfirm.example.cjsm.net>"}).text,
              StartsWith("550 5.6.7"));
}

}  // namespace
}  // namespace privyseal::test
