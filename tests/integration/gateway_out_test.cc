// Mail from the organisation to CJSM when everybody behaves: what arrives, when the
// sender hears of it, and what the ledger and keyd know about it afterwards.
#include <gmock/gmock.h>

#include <array>
#include <set>
#include <thread>

#include "tests/integration/gateway_lab.h"

namespace privyseal::test {
namespace {

using namespace std::chrono_literals;
using peer::Answer;
using peer::Event;
using peer::Mail;
using peer::Session;
using peer::SmtpClient;
using peer::Step;
using peer::TlsVersion;
using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

std::string lower_case(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

class GatewayOut : public GatewayTest {};

TEST_F(GatewayOut, CarriesDifficultBytesIntactBehindOneReceivedHeader) {
  Mail mail = mail_out();
  mail.message = difficult_message();
  expect_out(250, mail);
  const auto mails = lab_->relay->mails();
  ASSERT_EQ(mails.size(), 1U);
  EXPECT_EQ(without_trace(mails[0].message), mail.message);
  EXPECT_THAT(mails[0].message, StartsWith("Received: "));
  EXPECT_THAT(mails[0].message, HasSubstr("by gateway.lawfirm.example"));
  const auto sessions = sessions_of(lab_->relay.get());
  ASSERT_EQ(sessions.size(), 1U);
  EXPECT_THAT(sessions[0].encrypted, HasSubstr(peer::dot_stuffed(mail.message)));
}

TEST_F(GatewayOut, CarriesAnEmptyMessageAndOneWithoutAHeader) {
  for (const std::string message : {"", "\r\n", ".\r\n", "no header at all\r\n"}) {
    lab_->relay->forget_sessions();
    Mail mail = mail_out();
    mail.message = message;
    expect_out(250, mail);
    ASSERT_EQ(lab_->relay->mails().size(), 1U);
    EXPECT_EQ(without_trace(lab_->relay->mails()[0].message), message);
  }
}

TEST_F(GatewayOut, KeepsTheEnvelopeWithItsSuffix) {
  Mail mail = mail_out();
  mail.recipients.emplace_back("carol@york.cjsm.net");
  mail.recipients.emplace_back("dave@POLICE.EXAMPLE.CJSM.NET");
  expect_out(250, mail);
  const auto mails = lab_->relay->mails();
  ASSERT_EQ(mails.size(), 1U);
  EXPECT_THAT(mails[0].mail, StartsWith("MAIL FROM:<alice@lawfirm.example>"));
  ASSERT_EQ(mails[0].rcpts.size(), 3U);
  EXPECT_THAT(mails[0].rcpts[0], StartsWith("RCPT TO:<bob@police.example.cjsm.net>"));
  EXPECT_THAT(mails[0].rcpts[1], StartsWith("RCPT TO:<carol@york.cjsm.net>"));
  EXPECT_THAT(lower_case(mails[0].rcpts[2]), StartsWith("rcpt to:<dave@police.example.cjsm.net>"));
}

TEST_F(GatewayOut, CarriesABounceFromTheNullSender) {
  Mail mail = mail_out();
  mail.sender = "";
  expect_out(250, mail);
  ASSERT_EQ(lab_->relay->mails().size(), 1U);
  EXPECT_THAT(lab_->relay->mails()[0].mail, StartsWith("MAIL FROM:<>"));
}

TEST_F(GatewayOut, LedgerTellsTheFactsThatTheRelaySaw) {
  const Mail mail = mail_out();
  expect_out(250, mail);
  const LedgerRow row = only_row();
  const auto sessions = sessions_of(lab_->relay.get());
  ASSERT_EQ(sessions.size(), 1U);
  ASSERT_TRUE(sessions[0].tls);
  EXPECT_EQ(sessions[0].tls->version, TlsVersion::kTls13);
  EXPECT_EQ(sessions[0].tls->peer_subject, std::string("CN=") + kGatewayName);
  EXPECT_EQ(row.session_id, sessions[0].tls->session_id);
  EXPECT_EQ(row.tls_version, "TLSv1.3");
  EXPECT_EQ(row.tls_suite, sessions[0].tls->suite);
  EXPECT_FALSE(row.tls_group.empty());
  EXPECT_EQ(row.resumed, 0);
  EXPECT_EQ(row.peer_subject, std::string("CN=") + kRelayName);
  EXPECT_EQ(row.direction, "out");
  EXPECT_THAT(row.client_address, StartsWith("127.0.0.1"));
  EXPECT_EQ(row.sender, mail.sender);
  EXPECT_EQ(row.recipients, mail.recipients[0]);
  EXPECT_EQ(row.size_bytes, static_cast<std::int64_t>(mail.message.size()));
  EXPECT_EQ(row.hop, "127.0.0.1:" + std::to_string(lab_->relay->port()));
  EXPECT_EQ(row.outcome, "delivered");
  EXPECT_THAT(row.reply, HasSubstr("queued as 4TESTxPEER"));
  EXPECT_FALSE(row.closed_at.empty());
}

TEST_F(GatewayOut, LedgerNamesTheSerialOfTheRelaysCertificate) {
  expect_out(250, mail_out());
  const SmtpClient client = [&] {
    auto direct = SmtpClient::connect(lab_->relay->port());
    auto tls = lab_->cjsm_client_tls();
    tls.server_name = kRelayName;
    EXPECT_TRUE(direct->open(tls));
    return std::move(*direct);
  }();
  EXPECT_EQ(lower_case(only_row().peer_serial), client.tls()->facts().peer_serial);
}

TEST_F(GatewayOut, SecureEmailGuideG14HundredMailsAreHundredFullHandshakesAndSignatures) {
  constexpr std::size_t kMails = 100;
  const auto before = lab_->uses("gateway");
  SmtpClient client = lab_->lan_client();
  for (std::size_t i = 0; i < kMails; ++i) {
    const auto reply = client.send(mail_out());
    ASSERT_TRUE(reply);
    ASSERT_EQ(reply->code, 250) << reply->text;
  }
  std::set<std::string> seen_by_relay;
  for (const Session& session : sessions_of(lab_->relay.get())) {
    ASSERT_TRUE(session.tls);
    EXPECT_FALSE(session.tls->resumption_offered);
    EXPECT_EQ(session.transactions.size(), 1U);
    seen_by_relay.insert(session.tls->session_id);
  }
  EXPECT_EQ(seen_by_relay.size(), kMails);
  std::set<std::string> in_ledger;
  for (const LedgerRow& row : rows(kMails)) {
    EXPECT_EQ(row.resumed, 0);
    in_ledger.insert(row.session_id);
  }
  EXPECT_EQ(in_ledger, seen_by_relay);
  const auto after = lab_->uses("gateway");
  EXPECT_EQ(after.client - before.client, kMails);
  EXPECT_EQ(after.server, before.server);
}

TEST_F(GatewayOut, SaysYesOnlyAfterTheRelayDid) {
  peer::Gate gate;
  peer::Gate relay_has_it;
  lab_->relay->play([&](const Event& event, Answer usual) {
    if (event.step == Step::kFinalDot) {
      relay_has_it.open();
      gate.wait();
    }
    return usual;
  });
  SmtpClient client = lab_->lan_client();
  ASSERT_EQ(client.envelope(mail_out())->code, 354);
  ASSERT_TRUE(client.write(peer::dot_stuffed(mail_out().message)));
  ASSERT_TRUE(relay_has_it.wait(20s));
  // The relay holds the whole mail and has not answered: neither may the gateway.
  EXPECT_EQ(client.read_reply(500ms).error().code, ErrorCode::kTimeout);
  EXPECT_EQ(lab_->gateway->rows(first_row_).at(0).outcome, "open");
  gate.open();
  EXPECT_EQ(client.read_reply()->code, 250);
}

TEST_F(GatewayOut, OpensTheLedgerRowBeforeTheRelaySeesTheMail) {
  std::vector<LedgerRow> at_data;
  lab_->relay->play([&](const Event& event, Answer usual) {
    if (event.step == Step::kData) at_data = lab_->gateway->rows(first_row_);
    return usual;
  });
  expect_out(250, mail_out());
  ASSERT_EQ(at_data.size(), 1U);
  EXPECT_EQ(at_data[0].outcome, "open");
  EXPECT_FALSE(at_data[0].session_id.empty());
}

TEST_F(GatewayOut, HandsTheRelaysReplyOn) {
  lab_->relay->play(peer::replying(Step::kFinalDot, "250 2.6.0 kept as Q-4711\r\n"));
  const auto reply = lab_->lan_client().send(mail_out());
  ASSERT_TRUE(reply);
  EXPECT_THAT(reply->text, HasSubstr("kept as Q-4711"));
  EXPECT_THAT(only_row().reply, HasSubstr("kept as Q-4711"));
}

TEST_F(GatewayOut, TakesAPipelinedEnvelopeAndABodyByteByByte) {
  SmtpClient client = lab_->lan_client();
  ASSERT_TRUE(client.write("MAIL FROM:<alice@lawfirm.example>\r\nRCPT TO:<bob@a.cjsm.net>\r\nDATA\r\n"));
  EXPECT_EQ(client.read_reply()->code, 250);
  EXPECT_EQ(client.read_reply()->code, 250);
  EXPECT_EQ(client.read_reply()->code, 354);
  const std::string message = "Subject: drip\r\n\r\n.\r\nend\r\n";
  for (const char c : peer::dot_stuffed(message)) ASSERT_TRUE(client.write(std::string(1, c)));
  EXPECT_EQ(client.read_reply()->code, 250);
  EXPECT_EQ(without_trace(lab_->relay->mails().at(0).message), message);
}

TEST_F(GatewayOut, TakesTheNextMailInTheSameSession) {
  SmtpClient client = lab_->lan_client();
  EXPECT_EQ(client.send(mail_out())->code, 250);
  EXPECT_EQ(client.command("RSET")->code, 250);
  EXPECT_EQ(client.send(mail_out())->code, 250);
  // The end of one mail and the start of the next may come in one packet.
  EXPECT_EQ(client.envelope(mail_out())->code, 354);
  ASSERT_TRUE(client.write(peer::dot_stuffed("x\r\n") + "MAIL FROM:<alice@lawfirm.example>\r\n"));
  EXPECT_EQ(client.read_reply()->code, 250);
  EXPECT_EQ(client.read_reply()->code, 250);
  EXPECT_EQ(client.command("QUIT")->code, 221);
  EXPECT_EQ(lab_->relay->mails().size(), 3U);
}

TEST_F(GatewayOut, TellsTheRelayItIsDoneAndTheRelayHearsNothingInClear) {
  expect_out(250, mail_out());
  const auto sessions = sessions_of(lab_->relay.get());
  ASSERT_EQ(sessions.size(), 1U);
  EXPECT_THAT(sessions[0].encrypted, EndsWith("QUIT\r\n"));
  EXPECT_TRUE(is_only_opening(sessions[0].plain)) << sessions[0].plain;
}

TEST_F(GatewayOut, ManySendersAtOnceEachGetTheirOwnMailThrough) {
  constexpr int kSenders = 16;
  std::vector<std::thread> senders;
  std::array<int, kSenders> codes{};
  for (int i = 0; i < kSenders; ++i)
    senders.emplace_back([this, i, &codes] {
      Mail mail = mail_out();
      mail.message =
          "Subject: " + std::to_string(i) + "\r\n\r\n" + std::string(64UL * 1024, static_cast<char>('a' + i));
      mail.message += "\r\n";
      for (std::size_t at = 500; at + 2 < mail.message.size(); at += 500) mail.message.replace(at, 2, "\r\n");
      const auto reply = lab_->lan_client().send(mail);
      codes[static_cast<std::size_t>(i)] = reply ? reply->code : -1;
    });
  for (std::thread& sender : senders) sender.join();
  EXPECT_THAT(codes, testing::Each(250));
  std::set<std::string> different;
  for (const auto& mail : lab_->relay->mails()) different.insert(without_trace(mail.message));
  EXPECT_EQ(different.size(), static_cast<std::size_t>(kSenders));
}

}  // namespace
}  // namespace privyseal::test
