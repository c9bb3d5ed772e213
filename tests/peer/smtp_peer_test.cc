#include "tests/peer/smtp_peer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/peer/smtp_client.h"
#include "tests/support/certificates.h"
#include "tests/support/process.h"

namespace privyseal::peer {
namespace {

using test::TestCa;
using test::wait_until;
using testing::ElementsAre;
using testing::HasSubstr;

class SmtpPeers : public testing::Test {
 protected:
  void SetUp() override {
    auto started = SmtpPeer::start(tls_for("relay.example"));
    ASSERT_TRUE(started) << started.error().message;
    peer_ = std::move(*started);
  }

  TlsOptions tls_for(const std::string& name) {
    const auto credential = ca_.issue({.dns_names = {name}});
    return {.ca_pem = ca_.pem(),
            .chain_pem = credential.chain_pem,
            .key_pem = credential.key_pem,
            .server_name = {}};
  }

  TlsOptions client_tls() {
    TlsOptions options = tls_for("gateway.example");
    options.server_name = "relay.example";
    return options;
  }

  SmtpClient connect() {
    auto client = SmtpClient::connect(peer_->port());
    EXPECT_TRUE(client);
    return std::move(*client);
  }

  bool sessions_over() {
    return wait_until([this] {
      return std::ranges::all_of(peer_->sessions(), [](const Session& session) { return session.is_over; });
    });
  }

  TestCa ca_{"CA"};
  std::unique_ptr<SmtpPeer> peer_;
  const Mail mail_{
      "a@sender.example", {"b@one.example", "c@two.example"}, "Subject: x\r\n\r\n.dot\r\n..\r\nend\r\n"};
};

TEST_F(SmtpPeers, CarryAMessageIntact) {
  SmtpClient client = connect();
  ASSERT_TRUE(client.open(client_tls()));
  const auto reply = client.send(mail_);
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->code, 250);
  EXPECT_EQ(client.command("QUIT")->code, 221);
  ASSERT_TRUE(sessions_over());
  const auto mails = peer_->mails();
  ASSERT_EQ(mails.size(), 1U);
  EXPECT_EQ(mails[0].mail, "MAIL FROM:<a@sender.example>");
  EXPECT_THAT(mails[0].rcpts, ElementsAre("RCPT TO:<b@one.example>", "RCPT TO:<c@two.example>"));
  EXPECT_EQ(mails[0].message, mail_.message);
  const Session session = peer_->sessions().at(0);
  EXPECT_THAT(session.plain, testing::StartsWith("EHLO client.example\r\nSTARTTLS\r\n"));
  EXPECT_THAT(session.encrypted, HasSubstr("\r\n..dot\r\n...\r\nend\r\n.\r\nQUIT\r\n"));
  EXPECT_EQ(session.tls->session_id, client.tls()->facts().session_id);
}

TEST_F(SmtpPeers, RefuseMailInClearText) {
  SmtpClient client = connect();
  ASSERT_TRUE(client.read_reply());
  EXPECT_EQ(client.command("EHLO x")->code, 250);
  EXPECT_EQ(client.command("MAIL FROM:<a@b>")->code, 530);
}

TEST_F(SmtpPeers, NoteAClientWithoutACertificate) {
  SmtpClient client = connect();
  TlsOptions options = client_tls();
  options.chain_pem.clear();
  EXPECT_FALSE(client.open(options));
  ASSERT_TRUE(wait_until([this] { return !peer_->sessions().at(0).tls_error.empty(); }));
}

TEST_F(SmtpPeers, ReplyAsTheScriptSays) {
  peer_->play(replying(Step::kRcpt, "450 4.2.0 later\r\n", "c@two"));
  SmtpClient client = connect();
  ASSERT_TRUE(client.open(client_tls()));
  const auto reply = client.envelope(mail_);
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->text, "450 4.2.0 later");
}

TEST_F(SmtpPeers, EndTheConnectionWhereTheScriptSays) {
  for (const Step step : {Step::kGreeting, Step::kEhlo, Step::kStartTls, Step::kHandshake, Step::kMail,
                          Step::kRcpt, Step::kData, Step::kBody, Step::kFinalDot}) {
    for (const auto then : {Answer::Then::kClose, Answer::Then::kReset}) {
      peer_->play(ending(step, then));
      SmtpClient client = connect();
      const auto opened = client.open(client_tls());
      const auto reply = opened ? client.send(mail_) : Result<Reply>(std::unexpected(opened.error()));
      EXPECT_FALSE(reply) << static_cast<int>(step);
    }
  }
}

TEST_F(SmtpPeers, StallUntilTheClientLeaves) {
  peer_->play(ending(Step::kData, Answer::Then::kStall));
  SmtpClient client = connect();
  ASSERT_TRUE(client.open(client_tls()));
  ASSERT_TRUE(client.write("MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\n"));
  EXPECT_EQ(client.read_reply()->code, 250);
  EXPECT_EQ(client.read_reply()->code, 250);
  EXPECT_EQ(client.read_reply(std::chrono::milliseconds(200)).error().code, ErrorCode::kTimeout);
  client.reset();
  EXPECT_TRUE(sessions_over());
}

TEST_F(SmtpPeers, HoldNothingOfASenderThatVanishes) {
  SmtpClient client = connect();
  ASSERT_TRUE(client.open(client_tls()));
  ASSERT_EQ(client.envelope(mail_)->code, 354);
  ASSERT_TRUE(client.write("half a message\r\n"));
  client.reset();
  ASSERT_TRUE(sessions_over());
  EXPECT_TRUE(peer_->mails().empty());
  EXPECT_TRUE(peer_->sessions().at(0).transactions.at(0).has_data);
}

TEST_F(SmtpPeers, CanInjectBytesBehindStartTls) {
  peer_->play(replying(Step::kStartTls, "220 go\r\n250 injected\r\n"));
  SmtpClient client = connect();
  EXPECT_EQ(client.open(client_tls()).error().code, ErrorCode::kInvalid);
}

TEST_F(SmtpPeers, LeaveADeadPortBehindAndComeBackToIt) {
  const std::uint16_t port = peer_->port();
  SmtpClient client = connect();
  ASSERT_TRUE(client.read_reply());
  peer_->stop();
  EXPECT_TRUE(client.is_ended_by_server(std::chrono::seconds(5)));
  EXPECT_FALSE(SmtpClient::connect(port));
  auto again = SmtpPeer::start(tls_for("relay.example"), port);
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(SmtpClient::connect(port)->read_reply()->code, 220);
}

TEST(DotStuffed, DoublesLeadingDotsAndEndsOnce) {
  EXPECT_EQ(dot_stuffed(""), ".\r\n");
  EXPECT_EQ(dot_stuffed("."), "..\r\n.\r\n");
  EXPECT_EQ(dot_stuffed("a\r\n.b\r\n"), "a\r\n..b\r\n.\r\n");
}

}  // namespace
}  // namespace privyseal::peer
