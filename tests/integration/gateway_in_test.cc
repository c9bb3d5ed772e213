// Mail from CJSM to the organisation: only the relay may bring it, only to our own domains,
// and it has the same promises as mail out.
#include <gmock/gmock.h>

#include "tests/integration/gateway_lab.h"

namespace privyseal::test {
namespace {

using namespace std::chrono_literals;
using peer::Answer;
using peer::Event;
using peer::Mail;
using peer::SmtpClient;
using peer::Step;
using peer::TlsOptions;
using peer::TlsVersion;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class GatewayIn : public GatewayTest {
 protected:
  static void SetUpTestSuite() { open_lab({.cjsm_clients = "\"127.0.0.1/32\""}); }

  /// TLS or anything behind it must fail, and the mail server must not have been asked.
  void expect_no_session(const std::string& what, const TlsOptions& tls) {
    SCOPED_TRACE(what);
    auto client = SmtpClient::connect(lab_->gateway->cjsm_port());
    ASSERT_TRUE(client);
    const auto opened = client->open(tls);
    EXPECT_FALSE(opened);
    EXPECT_TRUE(lab_->server->sessions().empty());
    EXPECT_TRUE(client->is_ended_by_server(10s));
  }

  int reply_to_rcpt(const std::string& recipient) {
    SmtpClient client = lab_->cjsm_client();
    EXPECT_EQ(client.command("MAIL FROM:<bob@police.example.cjsm.net>")->code, 250);
    const int code = client.command("RCPT TO:<" + recipient + ">")->code;
    EXPECT_EQ(client.command("RSET")->code, 250);  // its row is written before this reply
    return code;
  }

  void expect_deferred(const std::string& what) {
    SCOPED_TRACE(what);
    expect_in(451, mail_in());
    EXPECT_EQ(only_row().outcome, "deferred");
    EXPECT_TRUE(lab_->server->mails().empty());
    for (const auto& session : sessions_of(lab_->server.get()))
      EXPECT_TRUE(is_only_opening(session.plain)) << session.plain;
    SetUp();
    expect_in(250, mail_in());
    SetUp();
  }
};

TEST_F(GatewayIn, CarriesDifficultBytesIntactToTheAddressWithoutSuffix) {
  Mail mail = mail_in();
  mail.recipients.emplace_back("Second.User@LAWFIRM.example");
  mail.message = difficult_message();
  expect_in(250, mail);
  const auto mails = lab_->server->mails();
  ASSERT_EQ(mails.size(), 1U);
  EXPECT_THAT(mails[0].mail, StartsWith("MAIL FROM:<bob@police.example.cjsm.net>"));
  ASSERT_EQ(mails[0].rcpts.size(), 2U);
  EXPECT_THAT(mails[0].rcpts[0], StartsWith("RCPT TO:<alice@lawfirm.example>"));
  EXPECT_THAT(mails[0].rcpts[1], StartsWith("RCPT TO:<Second.User@lawfirm.example>"));
  EXPECT_EQ(without_trace(mails[0].message), mail.message);
  EXPECT_THAT(mails[0].message, StartsWith("Received: "));
}

TEST_F(GatewayIn, LedgerTellsTheFactsThatTheRelaySaw) {
  SmtpClient client = lab_->cjsm_client();
  ASSERT_EQ(client.send(mail_in())->code, 250);
  const LedgerRow row = only_row();
  EXPECT_EQ(client.tls()->facts().version, TlsVersion::kTls13);
  EXPECT_EQ(client.tls()->facts().peer_subject, std::string("CN=") + kGatewayName);
  EXPECT_EQ(row.session_id, client.tls()->facts().session_id);
  EXPECT_EQ(row.tls_suite, client.tls()->facts().suite);
  EXPECT_EQ(row.tls_version, "TLSv1.3");
  EXPECT_EQ(row.resumed, 0);
  EXPECT_EQ(row.peer_subject, std::string("CN=") + kRelayName);
  EXPECT_EQ(row.direction, "in");
  EXPECT_EQ(row.sender, mail_in().sender);
  EXPECT_THAT(row.recipients, StartsWith("alice@lawfirm.example"));
  EXPECT_EQ(row.size_bytes, static_cast<std::int64_t>(mail_in().message.size()));
  EXPECT_EQ(row.hop, "127.0.0.1:" + std::to_string(lab_->server->port()));
  EXPECT_EQ(row.outcome, "delivered");
}

TEST_F(GatewayIn, SecureEmailGuideG8EachSideSignsWithItsOwnKey) {
  const auto gateway_before = lab_->uses("gateway");
  const auto lan_before = lab_->uses("lan");
  expect_in(250, mail_in());
  expect_out(250, mail_out());
  const auto gateway_after = lab_->uses("gateway");
  const auto lan_after = lab_->uses("lan");
  EXPECT_EQ(gateway_after.server - gateway_before.server, 1U);  // the relay's connection to us
  EXPECT_EQ(gateway_after.client - gateway_before.client, 1U);  // ours to the relay
  EXPECT_EQ(lan_after.server - lan_before.server, 1U);          // the mail server's connection to us
  EXPECT_EQ(lan_after.client, lan_before.client);
}

TEST_F(GatewayIn, SaysYesOnlyAfterTheMailServerDid) {
  peer::Gate gate;
  peer::Gate server_has_it;
  lab_->server->play([&](const Event& event, Answer usual) {
    if (event.step == Step::kFinalDot) {
      server_has_it.open();
      gate.wait();
    }
    return usual;
  });
  SmtpClient client = lab_->cjsm_client();
  ASSERT_EQ(client.envelope(mail_in())->code, 354);
  ASSERT_TRUE(client.write(peer::dot_stuffed(mail_in().message)));
  ASSERT_TRUE(server_has_it.wait(20s));
  EXPECT_EQ(client.read_reply(500ms).error().code, ErrorCode::kTimeout);
  gate.open();
  EXPECT_EQ(client.read_reply()->code, 250);
}

TEST_F(GatewayIn, CouncilK1OnlyTheRelaysCertificateOpensASession) {
  TlsOptions none = lab_->cjsm_client_tls();
  none.chain_pem.clear();
  expect_no_session("no certificate", none);
  const auto with = [&](TestCa* ca, const LeafOptions& leaf) {
    return GatewayLab::with_certificate(lab_->cjsm_client_tls(), ca, leaf);
  };
  expect_no_session("another CA of the same name", with(&lab_->other_ca, {.dns_names = {kRelayName}}));
  expect_no_session("the organisation's CA", with(&lab_->lan_ca, {.dns_names = {kRelayName}}));
  expect_no_session("another name", with(&lab_->egress_ca, {.dns_names = {"other.cjsm.example"}}));
  expect_no_session("our own certificate's name", with(&lab_->egress_ca, {.dns_names = {kGatewayName}}));
  expect_no_session("expired",
                    with(&lab_->egress_ca, {.dns_names = {kRelayName}, .begins = -48h, .ends = -24h}));
  expect_no_session("not yet valid",
                    with(&lab_->egress_ca, {.dns_names = {kRelayName}, .begins = 24h, .ends = 48h}));
  expect_no_session("a server's certificate",
                    with(&lab_->egress_ca, {.dns_names = {kRelayName}, .is_client = false}));
  TlsOptions older = lab_->cjsm_client_tls();
  older.most = TlsVersion::kTls12;
  expect_no_session("TLS 1.2", older);
  expect_in(250, mail_in());
}

TEST_F(GatewayIn, SecureEmailGuideG9RefusedCertificatesHaveTheirReasonsInTheLog) {
  const auto logged = [&](const TlsOptions& tls, const std::string& event, const std::string& reason) {
    const std::size_t before = lab_->gateway->output().size();
    expect_no_session(reason, tls);
    EXPECT_TRUE(wait_until([&] { return lab_->gateway->output().substr(before).contains("why=" + reason); }))
        << reason;
    EXPECT_THAT(lab_->gateway->output().substr(before), HasSubstr(event));
  };
  const auto reason_logged = [&](const TlsOptions& tls, const std::string& reason) {
    logged(tls, "<4>handshake-failed ", reason);
  };
  TlsOptions none = lab_->cjsm_client_tls();
  none.chain_pem.clear();
  // As renewd does, from the box itself: no failure.
  logged(none, "<6>own-port-looked-at ", "no-certificate");
  const auto with = [&](TestCa* ca, const LeafOptions& leaf) {
    return GatewayLab::with_certificate(lab_->cjsm_client_tls(), ca, leaf);
  };
  reason_logged(with(&lab_->other_ca, {.dns_names = {kRelayName}}), "untrusted-issuer");
  reason_logged(with(&lab_->egress_ca, {.dns_names = {"other.cjsm.example"}}), "wrong-name");
  reason_logged(with(&lab_->egress_ca, {.dns_names = {kRelayName}, .ends = -1h}), "expired");
  const TlsOptions revoked = with(&lab_->egress_ca, {.dns_names = {kRelayName}});
  ASSERT_TRUE(lab_->gateway->ask(
      {{"op", "revocations-take"}, {"pem", lab_->egress_ca.revoke({revoked.chain_pem})}, {"why", "a test"}}));
  reason_logged(revoked, "revoked");
  expect_in(250, mail_in());
}

TEST_F(GatewayIn, RevocationHoldsForConnectionsThatHaveNotShakenHandsYet) {
  const TlsOptions revoked =
      GatewayLab::with_certificate(lab_->cjsm_client_tls(), &lab_->egress_ca, {.dns_names = {kRelayName}});
  auto client = SmtpClient::connect(lab_->gateway->cjsm_port());
  ASSERT_TRUE(client);
  EXPECT_EQ(client->read_reply()->code, 220);
  EXPECT_EQ(client->command("EHLO client.example")->code, 250);
  ASSERT_TRUE(lab_->gateway->ask(
      {{"op", "revocations-take"}, {"pem", lab_->egress_ca.revoke({revoked.chain_pem})}, {"why", "a test"}}));
  const std::size_t before = lab_->gateway->output().size();
  // TLS 1.3's client has finished before it is judged.
  EXPECT_FALSE(client->start_tls(revoked) && client->command("EHLO client.example"));
  EXPECT_TRUE(wait_until([&] { return lab_->gateway->output().substr(before).contains("why=revoked"); }));
}

TEST_F(GatewayIn, CertificateAloneIsNotEnoughFromAnotherAddress) {
  auto stranger = SmtpClient::connect(lab_->gateway->cjsm_port(), "127.0.0.9");
  ASSERT_TRUE(stranger);
  EXPECT_EQ(stranger->read_reply()->code, 554);
}

TEST_F(GatewayIn, MailInClearIsRefused) {
  auto client = SmtpClient::connect(lab_->gateway->cjsm_port());
  ASSERT_EQ(client->read_reply()->code, 220);
  ASSERT_EQ(client->command("EHLO relay.example")->code, 250);
  EXPECT_EQ(client->command("MAIL FROM:<bob@police.example.cjsm.net>")->code, 530);
}

TEST_F(GatewayIn, SecureEmailGuideG14GivesNoSessionTickets) {
  SmtpClient client = lab_->cjsm_client();
  EXPECT_EQ(client.command("NOOP")->code, 250);
  EXPECT_EQ(client.tls()->tickets_received(), 0);
}

TEST_F(GatewayIn, RecipientOutsideOurDomainsIsRefusedAndTheServerIsNotAsked) {
  for (const char* recipient :
       {"x@elsewhere.example", "x@police.example.cjsm.net", "x@cjsm.net", "x@notlawfirm.example",
        "x@lawfirm.example.evil.example", "x%elsewhere.example@lawfirm.example",
        "x@lawfirm.example.cjsm.net.evil.example"})
    EXPECT_EQ(reply_to_rcpt(recipient), 550) << recipient;
  EXPECT_TRUE(lab_->server->sessions().empty());
  EXPECT_EQ(reply_to_rcpt("x@LawFirm.Example.CJSM.Net"), 250);
}

TEST_F(GatewayIn, MailServerDownIsAReasonToWait) {
  const std::uint16_t port = lab_->server->port();
  lab_->server->stop();
  expect_in(451, mail_in());
  auto again = peer::SmtpPeer::start(lab_->server_tls(), port);
  ASSERT_TRUE(again) << again.error().message;
  lab_->server = std::move(*again);
  expect_in(250, mail_in());
}

TEST_F(GatewayIn, MailServerThatIsNotOursGetsNoMail) {
  const auto shows = [&](TestCa* ca, const LeafOptions& leaf, const std::string& what) {
    lab_->server->use(GatewayLab::with_certificate(lab_->server_tls(), ca, leaf));
    expect_deferred(what);
  };
  shows(&lab_->other_ca, {.dns_names = {kServerName}}, "another CA");
  shows(&lab_->egress_ca, {.dns_names = {kServerName}}, "the CJSM side's CA");
  shows(&lab_->lan_ca, {.dns_names = {"other.lawfirm.example"}}, "another name");
  shows(&lab_->lan_ca, {.dns_names = {kServerName}, .begins = -48h, .ends = -24h}, "expired");
}

TEST_F(GatewayIn, MailServerWithoutStartTlsGetsNoMail) {
  lab_->server->play(peer::without_starttls());
  expect_deferred("no STARTTLS");
}

TEST_F(GatewayIn, MailServerThatEndsTheConnectionLosesNoMail) {
  for (const Step step : {Step::kGreeting, Step::kEhlo, Step::kStartTls, Step::kHandshake, Step::kMail,
                          Step::kRcpt, Step::kData, Step::kBody, Step::kFinalDot}) {
    SCOPED_TRACE(static_cast<int>(step));
    lab_->server->play(peer::ending(step, Answer::Then::kReset));
    expect_in(451, mail_in());
    // A short mail goes out with its end in one write: then the server may have it.
    const bool end_was_sent = step == Step::kBody || step == Step::kFinalDot;
    EXPECT_EQ(only_row().outcome, end_was_sent ? "unknown" : "deferred");
    SetUp();
  }
  expect_in(250, mail_in());
}

TEST_F(GatewayIn, MailServersRefusalsAreHandedOn) {
  lab_->server->play(peer::replying(Step::kRcpt, "550 5.1.1 no such user\r\n"));
  EXPECT_EQ(reply_to_rcpt("nobody@lawfirm.example"), 550);
  lab_->server->play(peer::replying(Step::kFinalDot, "552 5.2.2 mailbox full\r\n"));
  const auto reply = lab_->cjsm_client().send(mail_in());
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->text, "552 5.2.2 mailbox full");
}

TEST_F(GatewayIn, RelayThatVanishesMidBodyLeavesNothingAtTheMailServer) {
  SmtpClient client = lab_->cjsm_client();
  ASSERT_EQ(client.envelope(mail_in())->code, 354);
  ASSERT_TRUE(client.write(mail_in().message));
  client.reset();
  EXPECT_EQ(only_row().outcome, "aborted");
  for (const auto& session : sessions_of(lab_->server.get()))
    for (const auto& transaction : session.transactions) EXPECT_FALSE(transaction.is_complete);
}

TEST_F(GatewayIn, BareLineEndsAreRefusedAndNeverPassedOn) {
  for (const char* end : {"\n.\n", "\n.\r\n", "\r\n.\n", "\r.\r\n"}) {
    SmtpClient client = lab_->cjsm_client();
    ASSERT_EQ(client.envelope(mail_in())->code, 354);
    ASSERT_TRUE(client.write("Subject: a\r\n\r\nfirst" + std::string(end) +
                             "MAIL FROM:<mallory@x.cjsm.net>\r\n.\r\n"));
    EXPECT_EQ(client.read_reply()->code / 100, 5);
  }
  for (const auto& session : sessions_of(lab_->server.get()))
    EXPECT_THAT(session.encrypted, Not(HasSubstr("mallory")));
  EXPECT_TRUE(lab_->server->mails().empty());
}

TEST_F(GatewayIn, BytesBufferedAtStartTlsEndTheConnection) {
  auto client = SmtpClient::connect(lab_->gateway->cjsm_port());
  ASSERT_EQ(client->read_reply()->code, 220);
  ASSERT_EQ(client->command("EHLO relay.example")->code, 250);
  EXPECT_FALSE(client->start_tls(lab_->cjsm_client_tls(), "MAIL FROM:<mallory@x.cjsm.net>\r\n"));
  EXPECT_TRUE(client->is_ended_by_server(10s));
}

}  // namespace
}  // namespace privyseal::test
