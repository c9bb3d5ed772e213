// What the next hop does wrong, or is: the sender hears 4xx (or the hop's own refusal) and keeps
// the mail, nothing of it was ever in clear, and the next mail goes through without a restart.
#include <gmock/gmock.h>
#include <signal.h>

#include "tests/integration/gateway_lab.h"

namespace privyseal::test {
namespace {

using namespace std::chrono_literals;
using peer::Answer;
using peer::Event;
using peer::Mail;
using peer::Reply;
using peer::Script;
using peer::SmtpClient;
using peer::Step;
using peer::TlsOptions;
using peer::TlsVersion;
using testing::HasSubstr;
using testing::Not;

class RelayFault : public GatewayTest {
 protected:
  /// The sender is told to wait, the relay has no whole mail and saw nothing in clear; then all is well
  /// again.
  void expect_deferred(const std::string& what, const std::string& reply_part = "",
                       const std::string& outcome = "deferred") {
    SCOPED_TRACE(what);
    const auto reply = lab_->lan_client().send(mail_out());
    ASSERT_TRUE(reply) << reply.error().message;
    EXPECT_EQ(reply->code / 100, 4) << reply->text;
    EXPECT_NE(reply->code, 421) << "the sender's connection is not at fault";
    EXPECT_THAT(reply->text, HasSubstr(reply_part));
    const LedgerRow row = only_row();
    EXPECT_EQ(row.outcome, outcome);
    for (const auto& session : sessions_of(lab_->relay.get())) {
      EXPECT_TRUE(is_only_opening(session.plain)) << session.plain;
      EXPECT_THAT(session.plain, Not(HasSubstr(kSecret)));
    }
    expect_recovery();
  }

  void expect_recovery() {
    SetUp();
    expect_out(250, mail_out());
    EXPECT_EQ(lab_->relay->mails().size(), 1U);
    SetUp();
  }

  static Result<JsonObject> take_revocations(const std::string& lists) {
    return lab_->gateway->ask({{"op", "revocations-take"}, {"pem", lists}, {"why", "a test"}});
  }

  void expect_nothing_encrypted() {
    for (const auto& session : sessions_of(lab_->relay.get())) EXPECT_TRUE(session.encrypted.empty());
  }
};

TEST_F(RelayFault, FaqF10ARelayThatIsDownAndUpAgainGetsTheMail) {
  const std::uint16_t port = lab_->relay->port();
  lab_->relay->stop();
  const auto reply = lab_->lan_client().send(mail_out());
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->code, 451) << reply->text;
  EXPECT_THAT(reply->text, HasSubstr("4.4.1"));
  EXPECT_EQ(only_row().outcome, "deferred");
  auto again = peer::SmtpPeer::start(lab_->relay_tls(), port);
  ASSERT_TRUE(again) << again.error().message;
  lab_->relay = std::move(*again);
  expect_recovery();
}

TEST_F(RelayFault, RelayWithoutStartTlsGetsNoMail) {
  lab_->relay->play(peer::without_starttls());
  expect_deferred("no STARTTLS offered", "4.7.5");
  lab_->relay->play(peer::replying(Step::kStartTls, "454 4.7.0 not now\r\n"));
  expect_deferred("STARTTLS refused");
  lab_->relay->play(peer::replying(Step::kStartTls, "250 2.0.0 fine without\r\n"));
  expect_deferred("STARTTLS answered with 250");
}

TEST_F(RelayFault, CouncilK1WhoeverIsReachedButIsNotTheRelayGetsNoMail) {
  const auto shows = [&](TestCa* ca, const LeafOptions& leaf, const std::string& what) {
    lab_->relay->use(GatewayLab::with_certificate(lab_->relay_tls(), ca, leaf));
    SCOPED_TRACE(what);
    const auto reply = lab_->lan_client().send(mail_out());
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->code, 451) << reply->text;
    EXPECT_THAT(reply->text, HasSubstr("4.7.5"));
    EXPECT_EQ(only_row().outcome, "deferred");
    expect_nothing_encrypted();
    expect_recovery();
  };
  shows(&lab_->other_ca, {.dns_names = {kRelayName}}, "another CA of the same name");
  shows(&lab_->lan_ca, {.dns_names = {kRelayName}}, "the organisation's CA");
  shows(&lab_->egress_ca, {.dns_names = {"other.cjsm.example"}}, "another name");
  shows(&lab_->egress_ca, {.dns_names = {"relay.cjsm.example.evil.example"}}, "a longer name");
  shows(&lab_->egress_ca, {.dns_names = {"*.cjsm.example.net"}}, "a wildcard elsewhere");
  shows(&lab_->egress_ca, {.dns_names = {kRelayName}, .begins = -48h, .ends = -24h}, "expired");
  shows(&lab_->egress_ca, {.dns_names = {kRelayName}, .begins = 24h, .ends = 48h}, "not yet valid");
}

TEST_F(RelayFault, SecureEmailGuideG9EachRefusedCertificateHasItsOwnReasonInTheLog) {
  const auto reason_logged = [&](TestCa* ca, const LeafOptions& leaf, const std::string& reason) {
    lab_->relay->use(GatewayLab::with_certificate(lab_->relay_tls(), ca, leaf));
    const std::size_t before = lab_->gateway->output().size();
    expect_out(451, mail_out());
    EXPECT_THAT(lab_->gateway->output().substr(before), HasSubstr(reason));
  };
  reason_logged(&lab_->other_ca, {.dns_names = {kRelayName}}, "untrusted-issuer");
  reason_logged(&lab_->egress_ca, {.dns_names = {"other.example"}}, "wrong-name");
  reason_logged(&lab_->egress_ca, {.dns_names = {kRelayName}, .ends = -1h}, "expired");
}

TEST_F(RelayFault, SecureEmailGuideG9ARevokedRelayGetsNoMailOnceTheListIsThere) {
  const TlsOptions bad =
      GatewayLab::with_certificate(lab_->relay_tls(), &lab_->egress_ca, {.dns_names = {kRelayName}});
  lab_->relay->use(bad);
  expect_out(250, mail_out());
  SetUp();
  ASSERT_TRUE(take_revocations(lab_->egress_ca.revoke({bad.chain_pem})));
  for (const bool after_restart : {false, true}) {
    if (after_restart) {
      ASSERT_TRUE(lab_->gateway->restart(SIGKILL));
    }
    lab_->relay->use(bad);
    const std::size_t before = lab_->gateway->output().size();
    const auto reply = lab_->lan_client().send(mail_out());
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->code, 451) << reply->text;
    EXPECT_THAT(reply->text, HasSubstr("4.7.5 The CJSM relay did not prove who it is"));
    EXPECT_THAT(lab_->gateway->output().substr(before), HasSubstr("why=revoked"));
    EXPECT_TRUE(lab_->relay->mails().empty());
    expect_nothing_encrypted();
    EXPECT_EQ(only_row().outcome, "deferred");
    expect_recovery();  // with another certificate of the same CA
  }
}

TEST_F(RelayFault, SecureEmailGuideG9OnlyTheTrustedAuthoritysNewestListCounts) {
  const std::string bad = lab_->egress_ca.issue({.dns_names = {kRelayName}}).chain_pem;
  EXPECT_EQ(take_revocations("no list").error().code, ErrorCode::kInvalid);
  EXPECT_EQ(take_revocations(lab_->other_ca.revoke({bad})).error().code, ErrorCode::kDenied);
  EXPECT_EQ(take_revocations(lab_->lan_ca.revoke({bad})).error().code, ErrorCode::kDenied);
  EXPECT_EQ(take_revocations(lab_->egress_ca.revoke({bad}) + lab_->lan_ca.revoke({})).error().code,
            ErrorCode::kDenied);
  ASSERT_TRUE(take_revocations(lab_->egress_ca.revoke({bad}, {.begins = -2h})));
  EXPECT_EQ(take_revocations(lab_->egress_ca.revoke({}, {.begins = -3h})).error().code, ErrorCode::kConflict);
  const auto status = lab_->gateway->ask({{"op", "status"}});
  ASSERT_TRUE(status);
  const auto* lists = json_array(*status, "revocations");
  ASSERT_TRUE(lists != nullptr && lists->size() == 1);
  EXPECT_EQ(json_text(lists->at(0).as_object(), "issuer").value(), "CN=Stand-in Egress CA");
  EXPECT_EQ(json_number(lists->at(0).as_object(), "revoked").value(), 1);
  const auto metrics = lab_->gateway->ask({{"op", "metrics"}});
  ASSERT_TRUE(metrics);
  EXPECT_THAT(json_text(*metrics, "text").value(),
              HasSubstr("privyseal_crl_next_update_timestamp_seconds{issuer=\"CN=Stand-in Egress CA\"} 1"));
  expect_out(250, mail_out());
}

TEST_F(RelayFault, SecureEmailGuideG6WeakCertificatesAreRefusedInHandshakes) {
  const auto refused = [&](const LeafOptions& leaf, const std::string& reason) {
    lab_->relay->use(GatewayLab::with_certificate(lab_->relay_tls(), &lab_->egress_ca, leaf));
    const std::size_t before = lab_->gateway->output().size();
    expect_out(451, mail_out());
    EXPECT_THAT(lab_->gateway->output().substr(before), HasSubstr(reason));
    EXPECT_TRUE(lab_->relay->mails().empty());
    expect_recovery();
  };
  refused({.dns_names = {kRelayName}, .key = "RSA-1024"}, "EE certificate key too weak");
  refused({.dns_names = {kRelayName}, .hash = "SHA1"}, "CA signature digest algorithm too weak");
}

TEST_F(RelayFault, SecureEmailGuideG3RelayWithOlderTlsGetsNoMail) {
  TlsOptions tls = lab_->relay_tls();
  tls.most = TlsVersion::kTls12;
  lab_->relay->use(tls);
  expect_deferred("TLS 1.2 only");
}

TEST_F(RelayFault, RelayThatRefusesOurCertificateGetsNoMail) {
  TlsOptions tls = lab_->relay_tls();
  tls.ca_pem = lab_->lan_ca.pem();
  lab_->relay->use(tls);
  expect_deferred("our certificate refused");
}

TEST_F(RelayFault, BytesBehindThe220OfStartTlsAreNotBelieved) {
  for (const char* injected : {"250 injected\r\n", "250-injected\r\n250 x\r\n", "x"}) {
    lab_->relay->play(peer::replying(Step::kStartTls, std::string("220 go\r\n") + injected));
    const auto reply = lab_->lan_client().send(mail_out());
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->code / 100, 4) << reply->text;
    expect_nothing_encrypted();
    EXPECT_TRUE(lab_->relay->mails().empty());
    expect_recovery();
  }
}

TEST_F(RelayFault, RelayThatEndsTheConnectionAtAnyStepLosesNoMail) {
  for (const Step step : {Step::kGreeting, Step::kEhlo, Step::kStartTls, Step::kHandshake, Step::kMail,
                          Step::kRcpt, Step::kData, Step::kBody, Step::kFinalDot}) {
    // A short mail goes out with its end in one write. Then nobody here can know whether the relay kept
    // it, and the ledger does not pretend.
    const bool end_was_sent = step == Step::kBody || step == Step::kFinalDot;
    for (const auto then : {Answer::Then::kClose, Answer::Then::kReset}) {
      lab_->relay->play(peer::ending(step, then));
      expect_deferred("step " + std::to_string(static_cast<int>(step)), "",
                      end_was_sent ? "unknown" : "deferred");
    }
  }
}

TEST_F(RelayFault, RelayThatEndsTheConnectionAtTheSecondEhloLosesNoMail) {
  lab_->relay->play([](const Event& event, Answer usual) {
    if (event.step == Step::kEhlo && event.is_encrypted)
      return Answer{.reply = "", .then = Answer::Then::kClose};
    return usual;
  });
  expect_deferred("second EHLO");
}

TEST_F(RelayFault, TemporaryRefusalsAreHandedOn) {
  lab_->relay->play(peer::replying(Step::kRcpt, "450 4.2.1 mailbox busy\r\n"));
  expect_deferred("RCPT", "450 4.2.1 mailbox busy");
  lab_->relay->play(peer::replying(Step::kMail, "452 4.3.1 disk full\r\n"));
  expect_deferred("MAIL", "452 4.3.1 disk full");
  lab_->relay->play(peer::replying(Step::kData, "451 4.3.0 not now\r\n"));
  expect_deferred("DATA", "451 4.3.0 not now");
  lab_->relay->play(peer::replying(Step::kFinalDot, "451 4.3.0 try later\r\n"));
  expect_deferred("final dot", "451 4.3.0 try later");
}

TEST_F(RelayFault, Relays421BecomesOurs451) {
  for (const Step step : {Step::kGreeting, Step::kMail, Step::kRcpt, Step::kData, Step::kFinalDot}) {
    lab_->relay->play([step](const Event& event, Answer usual) {
      if (event.step != step) return usual;
      return Answer{.reply = "421 4.3.2 closing\r\n", .then = Answer::Then::kClose};
    });
    expect_deferred("421 at step " + std::to_string(static_cast<int>(step)), "451");
  }
}

TEST_F(RelayFault, PermanentRefusalsAreHandedOn) {
  for (const auto& [step, text] :
       {std::pair{Step::kRcpt, "550 5.1.1 no such user"}, std::pair{Step::kMail, "550 5.7.1 not this sender"},
        std::pair{Step::kData, "554 5.5.1 no"}, std::pair{Step::kFinalDot, "554 5.7.1 virus found"}}) {
    lab_->relay->play(peer::replying(step, std::string(text) + "\r\n"));
    const auto reply = lab_->lan_client().send(mail_out());
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->text, text);
    const LedgerRow row = only_row();
    EXPECT_EQ(row.outcome, "refused");
    EXPECT_THAT(row.reply, HasSubstr(text));
    expect_recovery();
  }
}

TEST_F(RelayFault, OneRefusedRecipientDoesNotStopTheOther) {
  lab_->relay->play(peer::replying(Step::kRcpt, "550 5.1.1 no such user\r\n", "nobody@"));
  SmtpClient client = lab_->lan_client();
  EXPECT_EQ(client.command("MAIL FROM:<alice@lawfirm.example>")->code, 250);
  EXPECT_EQ(client.command("RCPT TO:<nobody@a.cjsm.net>")->text, "550 5.1.1 no such user");
  EXPECT_EQ(client.command("RCPT TO:<bob@a.cjsm.net>")->code, 250);
  EXPECT_EQ(client.command("DATA")->code, 354);
  ASSERT_TRUE(client.write(peer::dot_stuffed(mail_out().message)));
  EXPECT_EQ(client.read_reply()->code, 250);
  const LedgerRow row = only_row();
  EXPECT_EQ(row.outcome, "delivered");
  EXPECT_EQ(row.recipients, "bob@a.cjsm.net");
}

TEST_F(RelayFault, NonsenseIsAnsweredWithWaiting) {
  const std::string endless = "250-" + std::string(400, 'x') + "\r\n";
  std::string long_reply;
  while (long_reply.size() < 2UL * 1024 * 1024) long_reply += endless;
  for (const Step step :
       {Step::kGreeting, Step::kEhlo, Step::kMail, Step::kRcpt, Step::kData, Step::kFinalDot}) {
    for (const std::string& nonsense :
         {std::string("hello there\r\n"), std::string("999 what\r\n"), std::string("250\n"),
          std::string("250 a\rb\r\n"), std::string(70'000, '2'), std::string("250-a\r\n550 b\r\n"),
          std::string("\r\n"), long_reply}) {
      lab_->relay->play([&, step](const Event& event, Answer usual) {
        if (event.step != step) return usual;
        return Answer{.reply = nonsense, .then = Answer::Then::kClose};
      });
      expect_deferred("step " + std::to_string(static_cast<int>(step)) + ": " + nonsense.substr(0, 20), "",
                      step == Step::kFinalDot ? "unknown" : "deferred");
    }
  }
}

TEST_F(RelayFault, RepliesOfTheRelayCannotForgeRepliesOfOurs) {
  lab_->relay->play(peer::replying(Step::kFinalDot, "554 5.7.1 \x1b[31m evil \xc3\xa9 \x07\r\n"));
  const auto reply = lab_->lan_client().send(mail_out());
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->code, 554);
  for (const char c : reply->text) EXPECT_TRUE((c >= ' ' && c < 0x7f) || c == '\n');
  const std::string recorded = only_row().reply;
  for (const char c : recorded) EXPECT_TRUE(c >= ' ' && c < 0x7f);
}

TEST_F(RelayFault, MailBiggerThanTheRelayTakesIsRefusedAtOnce) {
  lab_->relay->play([](const Event& event, Answer usual) {
    if (event.step == Step::kEhlo && event.is_encrypted)
      usual.reply = "250-peer.example\r\n250 SIZE 1000\r\n";
    return usual;
  });
  SmtpClient client = lab_->lan_client();
  EXPECT_EQ(client.command("MAIL FROM:<alice@lawfirm.example> SIZE=100000")->code, 250);
  EXPECT_EQ(client.command("RCPT TO:<bob@a.cjsm.net>")->code, 552);
  EXPECT_EQ(client.command("RCPT TO:<carol@a.cjsm.net>")->code, 552) << "and again, by the same gateway";
  EXPECT_EQ(client.command("RSET")->code, 250);
  EXPECT_EQ(only_row().outcome, "refused");
}

TEST_F(RelayFault, VerdictSpokenBeforeTheEndOfTheMailIsNotBelieved) {
  lab_->relay->play([](const Event& event, Answer usual) {
    if (event.step == Step::kData) usual.reply += "250 2.0.0 taken already\r\n";
    return usual;
  });
  expect_deferred("an early 250", "4.5.0");
}

TEST_F(RelayFault, RelayThatHangsInTheHandshakeIsGivenUp) {
  lab_->relay->play(peer::ending(Step::kHandshake, Answer::Then::kStall));
  expect_deferred("handshake");
}

TEST_F(RelayFault, StallingRelayIsLeftWhenTheSenderLeaves) {
  lab_->relay->play(peer::ending(Step::kFinalDot, Answer::Then::kStall));
  {
    SmtpClient client = lab_->lan_client();
    ASSERT_EQ(client.envelope(mail_out())->code, 354);
    ASSERT_TRUE(client.write(peer::dot_stuffed(mail_out().message)));
    ASSERT_TRUE(wait_until([this] { return lab_->relay->mails().size() == 1; }));
    EXPECT_EQ(client.read_reply(300ms).error().code, ErrorCode::kTimeout);
  }
  // The relay has the whole mail and may yet take it, so that the row tells no outcome.
  EXPECT_EQ(lab_->gateway->rows(first_row_).at(0).outcome, "open");
  lab_->relay->stop();
  const LedgerRow row = only_row();
  EXPECT_EQ(row.outcome, "unknown");
  auto again = peer::SmtpPeer::start(lab_->relay_tls(), lab_->settings.cjsm.hop_port);
  ASSERT_TRUE(again) << again.error().message;
  lab_->relay = std::move(*again);
}

}  // namespace
}  // namespace privyseal::test
