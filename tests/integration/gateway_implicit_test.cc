// Next hops with which TLS comes before the first word (RFC 8314): nothing is ever said to them in clear.
#include <gmock/gmock.h>

#include "tests/integration/gateway_lab.h"

namespace privyseal::test {
namespace {

using peer::Answer;
using peer::SmtpPeer;
using peer::Step;
using testing::HasSubstr;
using testing::Not;

class GatewayImplicit : public GatewayTest {
 protected:
  static void SetUpTestSuite() {
    open_lab({.limits = "hop_seconds = 2\n",
              .lan_extra = "server_tls = \"implicit\"\n",
              .cjsm_extra = "relay_tls = \"implicit\"\n"});
  }

  void SetUp() override {
    GatewayTest::SetUp();
    for (SmtpPeer* hop : {lab_->relay.get(), lab_->server.get()}) hop->start_with_tls(true);
  }

  /// The mail is refused for now, and the relay heard nothing but TLS.
  void expect_nothing_said(const std::string& enhanced) {
    const auto reply = lab_->lan_client().send(mail_out());
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->code, 451);
    EXPECT_THAT(reply->text, HasSubstr(enhanced));
    EXPECT_EQ(only_row().outcome, "deferred");
    for (const auto& session : sessions_of(lab_->relay.get())) {
      for (const char* word : {"EHLO", "STARTTLS", "MAIL", "lawfirm.example\r", kSecret})
        EXPECT_THAT(session.plain, Not(HasSubstr(word)));
      EXPECT_EQ(session.encrypted, "");
    }
  }
};

TEST_F(GatewayImplicit, MailGoesBothWaysAndNothingInClear) {
  expect_out(250, mail_out());
  expect_in(250, mail_in());
  for (SmtpPeer* hop : {lab_->relay.get(), lab_->server.get()}) {
    const auto sessions = sessions_of(hop);
    ASSERT_EQ(sessions.size(), 1U);
    EXPECT_EQ(sessions[0].plain, "");
    EXPECT_TRUE(sessions[0].tls);
    EXPECT_THAT(sessions[0].encrypted, Not(HasSubstr("STARTTLS")));
    EXPECT_EQ(hop->mails().size(), 1U);
  }
  for (const LedgerRow& row : rows(2)) EXPECT_EQ(row.outcome, "delivered");
}

TEST_F(GatewayImplicit, AHopThatGreetsInClearIsToldNothing) {
  lab_->relay->start_with_tls(false);
  expect_nothing_said("4.4.1");
}

TEST_F(GatewayImplicit, AHopThatIsSilentInTheHandshakeIsToldNothing) {
  lab_->relay->play(peer::ending(Step::kHandshake, Answer::Then::kStall));
  expect_nothing_said("4.4.1");
}

TEST_F(GatewayImplicit, AHopThatCannotProveWhoItIsIsToldNothing) {
  lab_->relay->use(
      GatewayLab::with_certificate(lab_->relay_tls(), &lab_->other_ca, {.dns_names = {kRelayName}}));
  expect_nothing_said("4.7.5");
}

}  // namespace
}  // namespace privyseal::test
