// What a sender on the organisation's side does wrong: it hears why, and the relay gets nothing.
#include <gmock/gmock.h>

#include "tests/integration/gateway_lab.h"

namespace privyseal::test {
namespace {

using namespace std::chrono_literals;
using namespace std::string_view_literals;
using peer::Mail;
using peer::SmtpClient;
using peer::Step;
using peer::TlsOptions;
using peer::TlsVersion;
using testing::HasSubstr;
using testing::Not;

constexpr std::uint64_t kMaxMessageBytes = 25UL * 1024 * 1024;

class SenderFault : public GatewayTest {
 protected:
  static void SetUpTestSuite() {
    open_lab({.max_message_bytes = kMaxMessageBytes, .lan_clients = "\"127.0.0.1/32\", \"127.0.0.2/32\""});
  }

  SmtpClient connect(const std::string& source = "127.0.0.1") {
    auto client = SmtpClient::connect(lab_->gateway->lan_port(), source);
    EXPECT_TRUE(client);
    return std::move(*client);
  }

  /// No final dot reached the relay in any session, and the gateway still works.
  void expect_nothing_at_relay() {
    for (const auto& session : sessions_of(lab_->relay.get())) {
      for (const auto& transaction : session.transactions) EXPECT_FALSE(transaction.is_complete);
      EXPECT_TRUE(is_only_opening(session.plain)) << session.plain;
    }
    lab_->relay->forget_sessions();
    expect_out(250, mail_out());
    EXPECT_EQ(lab_->relay->mails().size(), 1U);
  }

  int reply_to_rcpt(const std::string& recipient) {
    SmtpClient client = lab_->lan_client();
    EXPECT_EQ(client.command("MAIL FROM:<alice@lawfirm.example>")->code, 250);
    const int code = client.command("RCPT TO:" + recipient)->code;
    EXPECT_EQ(client.command("RSET")->code, 250);  // its row is written before this reply
    return code;
  }
};

TEST_F(SenderFault, RecipientOutsideCjsmIsRefusedAndTheRelayIsNotAsked) {
  for (const char* recipient :
       {"<x@evilcjsm.net>", "<x@a.cjsm.net.evil.example>", "<x@gmail.example>", "<x@cjsm.network>",
        "<x%a.cjsm.net@lawfirm.example>", "<alice@lawfirm.example>", "<\"a@b.cjsm.net\"@evil.example>"})
    EXPECT_EQ(reply_to_rcpt(recipient), 550) << recipient;
  for (const char* recipient :
       {"<@relay:x@a.cjsm.net>", "<x@[127.0.0.1]>", "<>", "x y@a.cjsm.net", "<x@a..cjsm.net>"}) {
    const int code = reply_to_rcpt(recipient);
    EXPECT_TRUE(code == 501 || code == 550 || code == 553) << recipient << " " << code;
  }
  EXPECT_TRUE(lab_->relay->sessions().empty());
  EXPECT_EQ(reply_to_rcpt("<x@cjsm.net>"), 250);
}

TEST_F(SenderFault, RefusedRecipientStopsOnlyItself) {
  Mail mail = mail_out();
  SmtpClient client = lab_->lan_client();
  EXPECT_EQ(client.command("MAIL FROM:<alice@lawfirm.example>")->code, 250);
  EXPECT_EQ(client.command("RCPT TO:<x@elsewhere.example>")->code, 550);
  EXPECT_EQ(client.command("RCPT TO:<bob@a.cjsm.net>")->code, 250);
  EXPECT_EQ(client.command("DATA")->code, 354);
  ASSERT_TRUE(client.write(peer::dot_stuffed(mail.message)));
  EXPECT_EQ(client.read_reply()->code, 250);
  ASSERT_EQ(lab_->relay->mails().size(), 1U);
  EXPECT_EQ(lab_->relay->mails()[0].rcpts.size(), 1U);
}

TEST_F(SenderFault, ForeignSenderIsRefusedAndRecorded) {
  for (const char* sender :
       {"mallory@evil.example", "alice@lawfirm.example.evil.example", "alice@notlawfirm.example"}) {
    const auto reply = lab_->lan_client().command(std::string("MAIL FROM:<") + sender + ">");
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->code, 550) << sender;
  }
  EXPECT_TRUE(lab_->relay->sessions().empty());
  for (const LedgerRow& row : rows(3)) EXPECT_EQ(row.outcome, "refused");
}

TEST_F(SenderFault, RefusedMailIsInTheLedger) {
  EXPECT_EQ(reply_to_rcpt("<x@elsewhere.example>"), 550);
  const LedgerRow row = only_row();
  EXPECT_EQ(row.outcome, "refused");
  EXPECT_EQ(row.recipients, "x@elsewhere.example");
  EXPECT_THAT(row.reply, HasSubstr("550"));
}

TEST_F(SenderFault, MailWithoutStartTlsIsRefused) {
  SmtpClient client = connect();
  ASSERT_EQ(client.read_reply()->code, 220);
  const auto hello = client.command("EHLO client.example");
  EXPECT_THAT(hello->text, HasSubstr("STARTTLS"));
  EXPECT_EQ(client.command("MAIL FROM:<alice@lawfirm.example>")->code, 530);
  EXPECT_EQ(client.command("RCPT TO:<bob@a.cjsm.net>")->code, 530);
  EXPECT_EQ(client.command("DATA")->code, 530);
  expect_nothing_at_relay();
}

TEST_F(SenderFault, SecureEmailGuideG3OlderTlsIsRefused) {
  TlsOptions tls = lab_->lan_client_tls();
  tls.most = TlsVersion::kTls12;
  EXPECT_FALSE(connect().open(tls));
}

TEST_F(SenderFault, SecureEmailGuideG14GivesNoSessionTickets) {
  SmtpClient client = lab_->lan_client();
  EXPECT_EQ(client.command("NOOP")->code, 250);
  EXPECT_EQ(client.tls()->tickets_received(), 0);
}

TEST_F(SenderFault, BytesBufferedAtStartTlsEndTheConnection) {
  for (const char* injected : {"MAIL FROM:<mallory@lawfirm.example>\r\n", "NOOP\r\n", "X", "\r\n"}) {
    SmtpClient client = connect();
    ASSERT_EQ(client.read_reply()->code, 220);
    ASSERT_EQ(client.command("EHLO client.example")->code, 250);
    EXPECT_FALSE(client.start_tls(lab_->lan_client_tls(), injected)) << injected;
    EXPECT_TRUE(client.is_ended_by_server(10s));
  }
  expect_nothing_at_relay();
}

TEST_F(SenderFault, CommandsBehindDataEndTheConnection) {
  SmtpClient client = lab_->lan_client();
  ASSERT_TRUE(client.write(
      "MAIL FROM:<alice@lawfirm.example>\r\nRCPT TO:<bob@a.cjsm.net>\r\nDATA\r\nhello\r\n.\r\n"));
  EXPECT_TRUE(client.is_ended_by_server(10s));
  EXPECT_EQ(only_row().outcome, "aborted");
  expect_nothing_at_relay();
}

TEST_F(SenderFault, BareCrOrLfInACommandIsRefused) {
  for (const char* line :
       {"NOOP\n", "NOOP\nNOOP\r\n", "NO\rOP\r\n", "NOOP\r\r\n", "MAIL FROM:<a\n@lawfirm.example>\r\n"}) {
    SmtpClient client = lab_->lan_client();
    ASSERT_TRUE(client.write(line));
    const auto reply = client.read_reply();
    ASSERT_TRUE(reply) << line;
    EXPECT_GE(reply->code, 500) << line;
    EXPECT_TRUE(client.is_ended_by_server(10s)) << line;
  }
}

TEST_F(SenderFault, BareCrOrLfInTheBodyIsRefusedAndNeverPassedOn) {
  const std::string smuggled = "MAIL FROM:<mallory@lawfirm.example>\r\nRCPT TO:<x@a.cjsm.net>\r\nDATA\r\n";
  for (const std::string_view end : {"\n.\n"sv, "\n.\r\n"sv, "\r\n.\n"sv, "\r.\r"sv, "\r.\r\n"sv, "\r\n.\r"sv,
                                     "\n\n.\r\n"sv, "\r\n\0.\r\n"sv, "\r\r\n.\r\r\n"sv}) {
    SmtpClient client = lab_->lan_client();
    ASSERT_EQ(client.envelope(mail_out())->code, 354);
    ASSERT_TRUE(client.write("Subject: a\r\n\r\nfirst" + std::string(end) + smuggled + "x\r\n.\r\n"));
    const auto reply = client.read_reply();
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->code / 100, 5) << reply->text;
    EXPECT_TRUE(client.is_ended_by_server(10s));
  }
  for (const auto& session : sessions_of(lab_->relay.get()))
    EXPECT_THAT(session.encrypted, Not(HasSubstr("mallory")));
  expect_nothing_at_relay();
}

TEST_F(SenderFault, TooLongLineIsRefused) {
  for (const std::size_t length : {999UL, 100'000UL}) {
    SmtpClient client = lab_->lan_client();
    ASSERT_EQ(client.envelope(mail_out())->code, 354);
    ASSERT_TRUE(client.write("Subject: a\r\n\r\n" + std::string(length, 'x') + "\r\n.\r\n"));
    EXPECT_EQ(client.read_reply()->code, 554);
  }
  SmtpClient client = lab_->lan_client();
  ASSERT_TRUE(client.write("NOOP " + std::string(5000, 'x') + "\r\n"));
  EXPECT_EQ(client.read_reply()->code / 100, 5);
  expect_nothing_at_relay();
}

TEST_F(SenderFault, AnnouncedSizeOf30MegabytesIsRefusedAtOnce) {
  SmtpClient client = lab_->lan_client();
  EXPECT_EQ(client.command("MAIL FROM:<alice@lawfirm.example> SIZE=31457280")->code, 552);
  EXPECT_EQ(client.command("MAIL FROM:<alice@lawfirm.example> SIZE=1000")->code, 250);
  EXPECT_TRUE(lab_->relay->sessions().empty());
}

TEST_F(SenderFault, UnannouncedSizeIsRefusedAtTheEndAndTheRelayHoldsNothing) {
  Mail mail = mail_out();
  const std::string line = std::string(900, 'z') + "\r\n";
  while (mail.message.size() <= kMaxMessageBytes) mail.message += line;
  expect_out(552, mail);
  EXPECT_EQ(only_row().outcome, "refused");
  expect_nothing_at_relay();
}

TEST_F(SenderFault, VanishingMidBodyLeavesNothingAtTheRelay) {
  for (const bool with_reset : {true, false}) {
    SmtpClient client = lab_->lan_client();
    ASSERT_EQ(client.envelope(mail_out())->code, 354);
    // More than one TLS record, so that part of the mail is at the relay already.
    std::string half = mail_out().message;
    for (int i = 0; i < 100; ++i) half += std::string(900, 'h') + "\r\n";
    ASSERT_TRUE(client.write(half));
    ASSERT_TRUE(wait_until([this] { return lab_->relay->sessions().back().encrypted.contains("hhh"); }));
    if (with_reset)
      client.reset();
    else
      SmtpClient(std::move(client));  // closed by its end
    for (const auto& session : sessions_of(lab_->relay.get()))
      EXPECT_FALSE(session.encrypted.ends_with(".\r\n"));
  }
  for (const LedgerRow& row : rows(2)) EXPECT_EQ(row.outcome, "aborted");
  expect_nothing_at_relay();
}

TEST_F(SenderFault, VanishingBetweenDotAndItsCrLfLeavesNothingAtTheRelay) {
  for (const char* end : {"\r\n", "\r\n.", "\r\n.\r"}) {
    SmtpClient client = lab_->lan_client();
    ASSERT_EQ(client.envelope(mail_out())->code, 354);
    ASSERT_TRUE(client.write("Subject: x\r\n\r\nbody" + std::string(end)));
    SmtpClient(std::move(client));
  }
  for (const LedgerRow& row : rows(3)) EXPECT_EQ(row.outcome, "aborted");
  expect_nothing_at_relay();
}

TEST_F(SenderFault, DroppingTheMailBeforeDataLeavesNothingAtTheRelay) {
  for (const char* last : {"RSET", "QUIT", "EHLO again.example"}) {
    SmtpClient client = lab_->lan_client();
    EXPECT_EQ(client.command("MAIL FROM:<alice@lawfirm.example>")->code, 250);
    EXPECT_EQ(client.command("RCPT TO:<bob@a.cjsm.net>")->code, 250);
    EXPECT_EQ(client.command(last)->code / 100, 2);
  }
  for (const auto& session : sessions_of(lab_->relay.get()))
    for (const auto& transaction : session.transactions) EXPECT_FALSE(transaction.has_data);
  for (const LedgerRow& row : rows(3)) EXPECT_EQ(row.outcome, "aborted");
  expect_nothing_at_relay();
}

TEST_F(SenderFault, UnlistedHostIsTurnedAway) {
  SmtpClient stranger = connect("127.0.0.9");
  EXPECT_EQ(stranger.read_reply()->code, 554);
  EXPECT_TRUE(stranger.is_ended_by_server(10s));
  SmtpClient listed = connect("127.0.0.2");
  EXPECT_TRUE(listed.open(lab_->lan_client_tls()));
}

TEST_F(SenderFault, CommandsOutOfOrderAreRefused) {
  SmtpClient client = lab_->lan_client();
  EXPECT_EQ(client.command("DATA")->code, 503);
  EXPECT_EQ(client.command("RCPT TO:<bob@a.cjsm.net>")->code, 503);
  EXPECT_EQ(client.command("STARTTLS")->code / 100, 5);
  EXPECT_EQ(client.command("MAIL FROM:<alice@lawfirm.example>")->code, 250);
  EXPECT_EQ(client.command("DATA")->code / 100, 5);
  EXPECT_EQ(client.command("MAIL FROM:<alice@lawfirm.example>")->code, 503);
  EXPECT_EQ(client.command("BDAT 6 LAST\r\nQUIT")->code / 100, 5);
  expect_nothing_at_relay();
}

TEST_F(SenderFault, MailThatGoesInCirclesIsRefused) {
  Mail mail = mail_out();
  for (int i = 0; i < 50; ++i) mail.message.insert(0, "Received: from a by b\r\n");
  expect_out(250, mail);
  lab_->relay->forget_sessions();
  mail.message.insert(0, "Received: from a by b\r\n");
  expect_out(554, mail);
  expect_nothing_at_relay();
}

TEST_F(SenderFault, TooManyRecipientsHear452) {
  SmtpClient client = lab_->lan_client();
  EXPECT_EQ(client.command("MAIL FROM:<alice@lawfirm.example>")->code, 250);
  for (int i = 0; i < 100; ++i)
    ASSERT_EQ(client.command("RCPT TO:<u" + std::to_string(i) + "@a.cjsm.net>")->code, 250);
  EXPECT_EQ(client.command("RCPT TO:<u100@a.cjsm.net>")->code, 452);
  EXPECT_EQ(client.command("RSET")->code, 250);
  EXPECT_EQ(only_row().outcome, "aborted");
}

TEST_F(SenderFault, LogHoldsNeitherAddressesNorMail) {
  expect_out(250, mail_out());
  EXPECT_EQ(reply_to_rcpt("<mallory@elsewhere.example>"), 550);
  const std::string log = lab_->gateway->output();
  for (const char* word : {kSecret, "alice@", "bob@", "mallory", "PRIVATE KEY"})
    EXPECT_THAT(log, Not(HasSubstr(word)));
}

}  // namespace
}  // namespace privyseal::test
