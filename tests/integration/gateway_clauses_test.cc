// The acceptance tests of the terms and guides that need no file of rules, under the names of their clauses:
// what each asks is seen over the wire. Those with rules are in gateway_policy_test.cc, those of a scanner in
// gateway_scanner_test.cc.
#include <gmock/gmock.h>
#include <signal.h>

#include <algorithm>
#include <chrono>
#include <format>
#include <set>
#include <thread>

#include "firmware/base/file.h"
#include "tests/integration/gateway_lab.h"

namespace privyseal::test {
namespace {

using namespace std::chrono_literals;
using peer::Mail;
using peer::SmtpClient;
using testing::HasSubstr;
using testing::Not;

class GatewayClauses : public GatewayTest {
 protected:
  static Mail with_subject(const std::string& subject) {
    Mail mail = mail_out();
    mail.message = "From: alice@lawfirm.example\r\nSubject: " + subject + "\r\n\r\ntext\r\n";
    return mail;
  }
  /// Nor in one that the gateway has open without a name.
  static void expect_no_mail_in_files() {
    std::vector<std::filesystem::path> files;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(lab_->settings.folder))
      if (entry.is_regular_file()) files.push_back(entry.path());
    const std::string open_files = "/proc/" + std::to_string(lab_->gateway->process().pid()) + "/fd";
    for (const auto& entry : std::filesystem::directory_iterator(open_files))
      if (entry.is_regular_file()) files.push_back(entry.path());
    bool has_sender = false;  // which the ledger keeps: so the search finds what is there
    for (const auto& file : files) {
      const auto bytes = read_file(file, 64UL << 20);
      ASSERT_TRUE(bytes) << file;
      has_sender = has_sender || text_of(*bytes).contains("alice@lawfirm.example");
      EXPECT_FALSE(text_of(*bytes).contains(kSecret)) << file;
    }
    EXPECT_TRUE(has_sender);
  }
  /// A mail under way: the relay has its secret already, and its end is not sent.
  static SmtpClient half_sent() {
    constexpr std::size_t kBytes = 65'536;  // more than is gathered before it goes on
    Mail mail = mail_out();
    while (mail.message.size() < kBytes) mail.message += std::string(kSecret) + "\r\n";
    SmtpClient client = lab_->lan_client();
    EXPECT_EQ(client.envelope(mail)->code, 354);
    EXPECT_TRUE(client.write(mail.message));
    EXPECT_TRUE(wait_until([] {
      return std::ranges::any_of(lab_->relay->sessions(),
                                 [](const auto& session) { return session.encrypted.contains(kSecret); });
    }));
    return client;
  }
  static int rcpt(const std::string& address) {
    SmtpClient client = lab_->lan_client();
    EXPECT_EQ(client.command("MAIL FROM:<alice@lawfirm.example>")->code, 250);
    return client.command("RCPT TO:" + address)->code;
  }
};

TEST_F(GatewayClauses, Clause15AnUnlistedHostIsTurnedAwayAtConnectAndRecorded) {
  lab_->gateway.reset();
  auto settings = lab_->settings;
  settings.lan.clients = "\"192.0.2.0/24\"";
  auto closed = TestGateway::start(settings);
  ASSERT_TRUE(closed) << closed.error().message;
  auto stranger = SmtpClient::connect((*closed)->lan_port());
  ASSERT_TRUE(stranger) << stranger.error().message;
  EXPECT_EQ(stranger->read_reply()->code, 554);
  EXPECT_TRUE(stranger->is_ended_by_server(10s));
  EXPECT_THAT((*closed)->output(), HasSubstr("127.0.0.1"));
  EXPECT_EQ((*closed)->stop(), 0);
  closed->reset();
  auto usual = TestGateway::start(lab_->settings);
  ASSERT_TRUE(usual) << usual.error().message;
  lab_->gateway = std::move(*usual);
  expect_out(250, mail_out());
}

TEST_F(GatewayClauses, Clause17AndSecureEmailGuideG2MailBeforeTlsIsRefused) {
  for (const std::uint16_t port : {lab_->gateway->lan_port(), lab_->gateway->cjsm_port()}) {
    auto client = SmtpClient::connect(port);
    ASSERT_TRUE(client);
    ASSERT_EQ(client->read_reply()->code, 220);
    ASSERT_EQ(client->command("EHLO mail.example")->code, 250);
    const auto reply = client->command("MAIL FROM:<alice@lawfirm.example>");
    EXPECT_EQ(reply->code, 530);
    EXPECT_THAT(reply->text, HasSubstr("5.7.0"));
  }
}

/// A gateway with an exception of one host of loopback from TLS.
class GatewayClearClauses : public GatewayClauses {
 protected:
  using Time = std::chrono::system_clock::time_point;

  static void restart(const std::string& lan_extra) {
    lab_->gateway.reset();
    auto settings = lab_->settings;
    settings.lan.extra = lan_extra;
    auto started = TestGateway::start(settings);
    ASSERT_TRUE(started) << started.error().message;
    lab_->gateway = std::move(*started);
  }
  static std::string exception(const std::string& host, const std::string& until) {
    return "[[lan.clear]]\nhost = \"" + host +
           "\"\nreason = \"old scanner\"\nauthoriser = \"J Smith\"\nuntil = \"" + until + "\"\n";
  }
  void TearDown() override {
    GatewayClauses::TearDown();
    restart("");
  }
  static SmtpClient greeted(const std::string& source, std::uint16_t port) {
    auto client = SmtpClient::connect(port, source);
    EXPECT_TRUE(client);
    EXPECT_EQ(client->read_reply()->code, 220);
    const auto offer = client->command("EHLO scanner.example");
    EXPECT_EQ(offer->code, 250);
    EXPECT_THAT(offer->text, HasSubstr("STARTTLS"));
    EXPECT_THAT(offer->text, Not(HasSubstr("REQUIRETLS")));
    EXPECT_THAT(offer->text, Not(HasSubstr("AUTH")));
    return std::move(*client);
  }
  static JsonObject ask(JsonObject question) {
    const auto answer = lab_->gateway->ask(question);
    EXPECT_TRUE(answer) << answer.error().message;
    return answer.value_or(JsonObject{});
  }
};

TEST_F(GatewayClearClauses, Clause17AndSecureEmailGuideG5AnExceptedHostSendsInClearAndTheRowSaysSo) {
  restart(exception("127.0.0.2", "9999-12-31T00:00:00Z"));
  SmtpClient scanner = greeted("127.0.0.2", lab_->gateway->lan_port());
  EXPECT_EQ(scanner.command("MAIL FROM:<alice@lawfirm.example> REQUIRETLS")->code, 530);
  ASSERT_EQ(scanner.send(mail_out())->code, 250);
  ASSERT_EQ(lab_->relay->mails().size(), 1U);
  EXPECT_TRUE(lab_->relay->mails().at(0).message.starts_with(
      "Received: from scanner.example\r\n\t([127.0.0.2])\r\n\tby gateway.lawfirm.example with ESMTP id "))
      << lab_->relay->mails().at(0).message;
  for (const auto& session : sessions_of(lab_->relay.get()))
    EXPECT_TRUE(is_only_opening(session.plain)) << "onward there is TLS: " << session.plain;
  const LedgerRow row = only_row();
  EXPECT_EQ(row.outcome, "delivered");
  EXPECT_EQ(row.tls_version, "TLSv1.3");
  const JsonObject track = ask({{"op", "mail-track"}, {"id", row.id}});
  EXPECT_EQ(json_text(*json_object(*json_object(track, "mail"), "client_tls"), "version").value(), "none");
  EXPECT_THAT(to_text(track), HasSubstr("Its connection: in clear, as an exception allows"));
  ASSERT_TRUE(scanner.start_tls(lab_->lan_client_tls()));
  ASSERT_EQ(scanner.command("EHLO scanner.example")->code, 250);
  ASSERT_EQ(scanner.send(mail_out())->code, 250);
  EXPECT_THAT(lab_->relay->mails().at(1).message, HasSubstr("(using TLSv1.3"));
  const JsonObject status = ask({{"op", "status"}});
  EXPECT_THAT(to_text(status),
              HasSubstr(R"("host":"127.0.0.2","reason":"old scanner","authoriser":"J Smith",)"
                        R"("until":"9999-12-31T00:00:00Z","state":"in-force")"));
  EXPECT_THAT(json_text(ask({{"op", "metrics"}}), "text").value(),
              HasSubstr("privyseal_smtp_clear_messages_total 1\n"));
  EXPECT_THAT(lab_->gateway->output(), HasSubstr("mail in clear is excepted until 9999-12-31T00:00:00Z for "
                                                 "127.0.0.2, by J Smith: old scanner"));
  EXPECT_THAT(lab_->gateway->output(), HasSubstr("mail-in-clear"));
}

TEST_F(GatewayClearClauses, Clause17AndSecureEmailGuideG5AnExceptionIsForItsHostAndForMailOutAlone) {
  restart(exception("127.0.0.2", "9999-12-31T00:00:00Z"));
  SmtpClient other = greeted("127.0.0.1", lab_->gateway->lan_port());
  EXPECT_EQ(other.command("MAIL FROM:<alice@lawfirm.example>")->code, 530);
  SmtpClient from_cjsm = greeted("127.0.0.2", lab_->gateway->cjsm_port());
  EXPECT_EQ(from_cjsm.command("MAIL FROM:<bob@police.example.cjsm.net>")->code, 530);
  lab_->server->play(peer::without_starttls());
  expect_in(451, mail_in());
  for (const auto& session : sessions_of(lab_->server.get()))
    EXPECT_TRUE(is_only_opening(session.plain)) << session.plain;
  SmtpClient scanner = greeted("127.0.0.2", lab_->gateway->lan_port());
  EXPECT_FALSE(scanner.start_tls(lab_->lan_client_tls(), "MAIL FROM:<alice@lawfirm.example>\r\n"));
  EXPECT_TRUE(lab_->relay->mails().empty());
}

TEST_F(GatewayClearClauses, Clause17AndSecureEmailGuideG5AnExceptionEndsAtItsSecondInTheMiddleOfASession) {
  const Time until = std::chrono::ceil<std::chrono::seconds>(std::chrono::system_clock::now() + 6s);
  restart(exception("127.0.0.1", std::format("{:%FT%TZ}", std::chrono::floor<std::chrono::seconds>(until))));
  SmtpClient scanner = greeted("127.0.0.1", lab_->gateway->lan_port());
  int taken = 0;
  for (bool is_over = false; !is_over;) {
    is_over = std::chrono::system_clock::now() >= until;
    const auto reply = scanner.command("MAIL FROM:<alice@lawfirm.example>");
    if (is_over) {
      EXPECT_EQ(reply->code, 530);
      EXPECT_THAT(reply->text, HasSubstr("5.7.0"));
    } else if (std::chrono::system_clock::now() < until) {
      EXPECT_EQ(reply->code, 250);
      ++taken;
    }
    EXPECT_EQ(scanner.command("RSET")->code, 250);
    std::this_thread::sleep_for(250ms);
  }
  EXPECT_GT(taken, 0);
  EXPECT_THAT(to_text(ask({{"op", "status"}})), HasSubstr(R"("state":"expired")"));
  ASSERT_TRUE(scanner.start_tls(lab_->lan_client_tls()));
  ASSERT_EQ(scanner.command("EHLO scanner.example")->code, 250);
  EXPECT_EQ(scanner.send(mail_out())->code, 250);
}

/// In a lab of its own, because its ledger has a mail of the far future then.
class GatewayClearWithAClockSetBack : public GatewayTest {
 protected:
  static constexpr const char* kScanner = "127.0.0.2";
  static void SetUpTestSuite() {
    open_lab({.lan_extra = std::string("[[lan.clear]]\nhost = \"") + kScanner +
                           "\"\nreason = \"old scanner\"\nauthoriser = \"J Smith\"\n"
                           "until = \"9998-12-31T00:00:00Z\"\n"});
  }
  static int mail_in_clear() {
    auto client = SmtpClient::connect(lab_->gateway->lan_port(), kScanner);
    EXPECT_TRUE(client);
    EXPECT_EQ(client->read_reply()->code, 220);
    EXPECT_EQ(client->command("EHLO scanner.example")->code, 250);
    return client->command("MAIL FROM:<alice@lawfirm.example>")->code;
  }
};

TEST_F(GatewayClearWithAClockSetBack, Clause17AndSecureEmailGuideG5RevivesNoException) {
  EXPECT_EQ(mail_in_clear(), 250);
  record_mail_at("9999-01-01T00:00:00.000Z");
  const auto again = lab_->gateway->restart(SIGTERM);
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(mail_in_clear(), 530);
  const auto status = lab_->gateway->ask({{"op", "status"}});
  ASSERT_TRUE(status) << status.error().message;
  EXPECT_THAT(to_text(*status), HasSubstr(R"("state":"expired")"));
}

TEST_F(GatewayClauses, SecureEmailGuideG2ARelayWithoutStartTlsGetsNothing) {
  lab_->relay->play(peer::without_starttls());
  expect_out(451, mail_out());
  for (const auto& session : sessions_of(lab_->relay.get())) {
    EXPECT_TRUE(is_only_opening(session.plain)) << session.plain;
    EXPECT_THAT(session.plain, Not(HasSubstr(kSecret)));
  }
  EXPECT_EQ(only_row().outcome, "deferred");
}

TEST_F(GatewayClauses, SecureEmailGuideG12OnlyWhatEndsInCjsmNetLeavesAndG15InAnyCase) {
  for (const char* address :
       {"<x@police.example.cjsm.net>", "<x@POLICE.EXAMPLE.CJSM.net>", "<x@york.cjsm.net>", "<x@cjsm.net>"})
    EXPECT_EQ(rcpt(address), 250) << address;
  for (const char* address : {"<x@evilcjsm.net>", "<x@a.cjsm.net.evil.example>", "<x@cjsm.network>",
                              "<\"a@b.cjsm.net\"@evil.example>", "<x%a.cjsm.net@lawfirm.example>"})
    EXPECT_EQ(rcpt(address), 550) << address;
  EXPECT_EQ(rcpt("<@relay:x@a.cjsm.net>"), 501);
}

/// Each side by itself: a gateway that lacks one certificate does not serve the other side either.
TEST_F(GatewayClauses, SecureEmailGuideG13WithoutItsCertificatesTheGatewayListensNowhereAndSaysWhy) {
  const auto* settings = &lab_->settings;
  for (const auto& [side, identity] : {std::pair{"cjsm", &settings->cjsm}, {"lan", &settings->lan}}) {
    const auto active = settings->folder / "identities" / side / "active";
    ASSERT_TRUE(std::filesystem::remove(active));
    const auto started = lab_->gateway->restart(SIGTERM);
    ASSERT_FALSE(started) << side;
    EXPECT_THAT(started.error().message, HasSubstr(active.string()));
    EXPECT_FALSE(lab_->gateway->process().is_running());
    EXPECT_FALSE(std::filesystem::exists(settings->folder / "gateway.status")) << "no listener was ever open";
    lab_->gateway->activate(side, identity->chain_pem, identity->key);
    const auto again = lab_->gateway->restart(SIGTERM);
    ASSERT_TRUE(again) << again.error().message;
  }
}

TEST_F(GatewayClauses, SecureEmailGuideG14EachTransactionHasSessionKeysOfItsOwn) {
  constexpr std::size_t kMails = 10;
  SmtpClient client = lab_->lan_client();
  for (std::size_t i = 0; i < kMails; ++i) ASSERT_EQ(client.send(mail_out())->code, 250);
  std::set<std::string> sessions;
  for (const LedgerRow& row : rows(kMails)) {
    sessions.insert(row.session_id);
    EXPECT_EQ(row.resumed, 0);
  }
  EXPECT_EQ(sessions.size(), kMails);
}

TEST_F(GatewayClauses, FaqF2BusinessWordsAreNoMarkings) {
  for (const char* subject :
       {"PRIVATE", "COMMERCIAL IN CONFIDENCE", "COMPANY CONFIDENTIAL", "[RESTRICTED] a case"})
    expect_out(250, with_subject(subject));
  EXPECT_EQ(lab_->relay->mails().size(), 4U);
}

TEST_F(GatewayClauses, FaqF8TheFromOfMailFromCjsmIsKeptSoThatTheReplyIsSecure) {
  Mail mail = mail_in();
  mail.message =
      "From: bob@police.example.cjsm.net\r\nReply-To: desk@police.example.cjsm.net\r\nSubject: "
      "x\r\n\r\nx\r\n";
  expect_in(250, mail);
  const auto received = lab_->server->mails().at(0);
  EXPECT_EQ(without_trace(received.message), mail.message);
  EXPECT_THAT(received.mail, HasSubstr("<bob@police.example.cjsm.net>"));
  EXPECT_THAT(received.rcpts.at(0), HasSubstr("<alice@lawfirm.example>"));
}

TEST_F(GatewayClauses, Clause2HandlingInstructionsOfMailFromCjsmPassUnchanged) {
  Mail mail = mail_in();
  mail.message =
      "From: bob@police.example.cjsm.net\r\nX-Handling-Instructions: RECIPIENTS ONLY\r\n"
      "Subject: OFFICIAL-SENSITIVE\r\n\r\n..dots \xa3\r\n";
  expect_in(250, mail);
  EXPECT_EQ(without_trace(lab_->server->mails().at(0).message), mail.message);
}

TEST_F(GatewayClauses, Clause11NothingOfAMailIsOnTheDiskWhileItPassesOrWaits) {
  SmtpClient client = half_sent();
  expect_no_mail_in_files();
  ASSERT_TRUE(client.write(".\r\n"));
  EXPECT_EQ(client.read_reply()->code, 250);
  expect_no_mail_in_files();
  lab_->relay->play(peer::ending(peer::Step::kGreeting, peer::Answer::Then::kReset));
  expect_out(451, mail_out());
  expect_no_mail_in_files();
  lab_->relay->play(nullptr);
}

TEST_F(GatewayClauses, Clause12NothingOfAMailIsInTheGatewaysFilesNotEvenAfterAKill) {
  expect_out(250, mail_out());
  expect_in(250, mail_in());
  static_cast<void>(rows(2));
  expect_no_mail_in_files();
  SetUp();
  const SmtpClient client = half_sent();
  ASSERT_TRUE(lab_->gateway->restart(SIGKILL));
  EXPECT_EQ(only_row().outcome, "unknown");
  expect_no_mail_in_files();
}

TEST_F(GatewayClauses, CouncilK11NoFormOfAnAddressMakesUsAnOpenRelay) {
  for (const char* address :
       {"<x@elsewhere.example>", "<x%elsewhere.example@lawfirm.example>", "<elsewhere.example!x>",
        "<x%elsewhere.example@police.example.cjsm.net>", "<elsewhere.example!x@police.example.cjsm.net>",
        "<\"x@elsewhere.example\"@police.example.cjsm.net>", "<x@elsewhere.example@police.example.cjsm.net>",
        "<@police.example.cjsm.net:x@elsewhere.example>", "<x@[192.0.2.1]>", "<x@[IPv6:2001:db8::1]>",
        "<\"x@elsewhere.example\">", "<x@elsewhere.example.>", "<x>", "<>", "x@elsewhere.example"}) {
    EXPECT_EQ(rcpt(address) / 100, 5) << address;
    SmtpClient relay = lab_->cjsm_client();
    EXPECT_EQ(relay.command("MAIL FROM:<bob@police.example.cjsm.net>")->code, 250);
    EXPECT_EQ(relay.command(std::string("RCPT TO:") + address)->code / 100, 5) << address;
  }
  for (const char* sender : {"<x@elsewhere.example>", "<x@[127.0.0.1]>", "<bob@police.example.cjsm.net>",
                             "<\"alice@lawfirm.example\"@elsewhere.example>"})
    EXPECT_EQ(lab_->lan_client().command(std::string("MAIL FROM:") + sender)->code / 100, 5) << sender;
  for (auto* hop : {lab_->relay.get(), lab_->server.get()}) EXPECT_TRUE(hop->sessions().empty());
}

}  // namespace
}  // namespace privyseal::test
