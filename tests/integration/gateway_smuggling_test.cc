// Every way to smuggle mail that is known to us, sent to the running gateway in both directions and judged by
// the bytes that the next hop received.
#include <gmock/gmock.h>

#include "tests/integration/gateway_lab.h"
#include "tests/support/smuggling_rows.h"

namespace privyseal::test {
namespace {

using namespace std::chrono_literals;
using peer::Mail;
using peer::SmtpClient;
using peer::SmtpPeer;
using peer::Step;
using testing::HasSubstr;
using testing::Not;

class GatewaySmuggling : public GatewayTest {
 protected:
  /// One direction: how a sender comes in, and who must not be fooled.
  struct Way {
    const char* name;
    std::uint16_t port;
    peer::TlsOptions tls;
    SmtpPeer* hop;
    Mail mail;
    std::string second;  ///< the envelope of a mail that nobody may take
  };

  static std::vector<Way> ways() {
    return {{.name = "out",
             .port = lab_->gateway->lan_port(),
             .tls = lab_->lan_client_tls(),
             .hop = lab_->relay.get(),
             .mail = mail_out(),
             .second = "MAIL FROM:<mallory@lawfirm.example>\r\nRCPT TO:<x@a.cjsm.net>\r\nDATA\r\n"},
            {.name = "in",
             .port = lab_->gateway->cjsm_port(),
             .tls = lab_->cjsm_client_tls(),
             .hop = lab_->server.get(),
             .mail = mail_in(),
             .second = "MAIL FROM:<mallory@a.cjsm.net>\r\nRCPT TO:<alice@lawfirm.example>\r\nDATA\r\n"}};
  }

  static SmtpClient connected(const Way& way) {
    auto client = SmtpClient::connect(way.port);
    EXPECT_TRUE(client);
    return std::move(*client);
  }
  static SmtpClient opened(const Way& way) {
    SmtpClient client = connected(way);
    EXPECT_TRUE(client.open(way.tls));
    return client;
  }

  static std::string message(const Way& way, const SmugglingRow& row) {
    return "Subject: x\r\n\r\nfirst" + row.bytes + way.second + "second\r\n.\r\n";
  }

  /// 521 or 554, and the connection is over: nobody knows where in it a command would begin.
  static void expect_turned_away(SmtpClient& client) {
    const auto reply = client.read_reply();
    ASSERT_TRUE(reply) << reply.error().message;
    EXPECT_TRUE(reply->code == 521 || reply->code == 554) << reply->text;
    EXPECT_TRUE(client.is_ended_by_server(10s));
  }

  static void expect_no_mail(const Way& way) {
    for (const auto& session : sessions_of(way.hop))
      for (const auto& transaction : session.transactions) {
        EXPECT_FALSE(transaction.is_complete);
        EXPECT_THAT(transaction.mail, Not(HasSubstr("mallory")));
      }
    way.hop->forget_sessions();
  }
};

TEST_F(GatewaySmuggling, NoOtherEndOfDataIsPassedOn) {
  for (const Way& way : ways()) {
    for (const SmugglingRow& row : refused_ends_of_data()) {
      SCOPED_TRACE(std::string(way.name) + " " + row.name);
      SmtpClient client = opened(way);
      ASSERT_EQ(client.envelope(way.mail)->code, 354);
      ASSERT_TRUE(client.write(message(way, row)));
      expect_turned_away(client);
      for (const auto& session : sessions_of(way.hop))
        EXPECT_THAT(session.encrypted, Not(HasSubstr("mallory")));
      expect_no_mail(way);
    }
  }
}

TEST_F(GatewaySmuggling, LookalikesArriveAsTheTextThatTheyAre) {
  for (const Way& way : ways()) {
    SmtpClient client = opened(way);
    for (const SmugglingRow& row : texts_that_end_nothing()) {
      SCOPED_TRACE(std::string(way.name) + " " + row.name);
      const std::string sent = message(way, row);
      ASSERT_EQ(client.envelope(way.mail)->code, 354);
      ASSERT_TRUE(client.write(sent));
      EXPECT_EQ(client.read_reply()->code, 250);
      const auto sessions = sessions_of(way.hop);
      ASSERT_EQ(sessions.size(), 1U);
      EXPECT_THAT(sessions[0].encrypted, HasSubstr(sent));
      ASSERT_EQ(sessions[0].transactions.size(), 1U);
      EXPECT_THAT(sessions[0].transactions[0].message, HasSubstr("mallory"));
      way.hop->forget_sessions();
    }
  }
}

TEST_F(GatewaySmuggling, NoOtherEndOfACommandIsUnderstood) {
  for (const Way& way : ways()) {
    for (const SmugglingRow& row : refused_command_lines()) {
      SCOPED_TRACE(std::string(way.name) + " " + row.name);
      for (const bool in_tls : {false, true}) {
        SmtpClient client = connected(way);
        if (in_tls)
          ASSERT_TRUE(client.open(way.tls));
        else
          ASSERT_EQ(client.read_reply()->code, 220);
        ASSERT_TRUE(client.write(row.bytes));
        const auto reply = client.read_reply();
        ASSERT_TRUE(reply);
        EXPECT_EQ(reply->code, 521) << reply->text;
        EXPECT_TRUE(client.is_ended_by_server(10s));
      }
    }
    EXPECT_TRUE(way.hop->sessions().empty());
  }
}

TEST_F(GatewaySmuggling, WhatStandsBehindStartTlsEndsTheConnection) {
  for (const Way& way : ways()) {
    for (const SmugglingRow& row : behind_start_tls()) {
      SCOPED_TRACE(std::string(way.name) + " " + row.name);
      SmtpClient client = connected(way);
      ASSERT_EQ(client.read_reply()->code, 220);
      ASSERT_EQ(client.command("EHLO client.example")->code, 250);
      EXPECT_FALSE(client.start_tls(way.tls, row.bytes));
      EXPECT_TRUE(client.is_ended_by_server(10s));
    }
    EXPECT_TRUE(way.hop->sessions().empty());
  }
}

TEST_F(GatewaySmuggling, WhatStandsBehindDataEndsTheConnection) {
  for (const Way& way : ways()) {
    const std::string envelope =
        "MAIL FROM:<" + way.mail.sender + ">\r\nRCPT TO:<" + way.mail.recipients[0] + ">\r\nDATA\r\n";
    for (const SmugglingRow& row : behind_data()) {
      SCOPED_TRACE(std::string(way.name) + " " + row.name);
      SmtpClient client = opened(way);
      ASSERT_TRUE(client.write(envelope + row.bytes));
      EXPECT_EQ(client.read_reply()->code, 250);
      EXPECT_EQ(client.read_reply()->code, 250);
      expect_turned_away(client);
      expect_no_mail(way);
    }
  }
}

/// The hop's words, wrong in every way, at every step: the sender hears 4xx and nothing of them.
TEST_F(GatewaySmuggling, NoOtherReplyOfAHopIsUnderstood) {
  for (const Way& way : ways()) {
    for (const SmugglingRow& row : refused_replies()) {
      const Step step = std::array{Step::kEhlo, Step::kMail, Step::kRcpt, Step::kData,
                                   Step::kFinalDot}[row.bytes.size() % 5];
      SCOPED_TRACE(std::string(way.name) + " " + row.name);
      way.hop->play(peer::replying(step, row.bytes));
      const auto reply = opened(way).send(way.mail);
      ASSERT_TRUE(reply);
      EXPECT_EQ(reply->code, 451) << reply->text;
      EXPECT_EQ(reply->text.find('\n'), std::string::npos);
    }
    for (const Step step : {Step::kEhlo, Step::kMail, Step::kRcpt, Step::kData}) {
      SCOPED_TRACE(way.name);
      way.hop->play([step](const peer::Event& event, peer::Answer usual) {
        if (event.step == step) usual.reply += "250 2.0.0 for what you have not said yet\r\n";
        return usual;
      });
      const auto reply = opened(way).send(way.mail);
      ASSERT_TRUE(reply);
      EXPECT_EQ(reply->code, 451) << static_cast<int>(step) << reply->text;
    }
    way.hop->play(nullptr);
  }
}

}  // namespace
}  // namespace privyseal::test
