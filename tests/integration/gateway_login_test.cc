// A relay that wants a log-in besides our certificate.
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "tests/integration/gateway_lab.h"

namespace privyseal::test {
namespace {

using peer::Answer;
using peer::Event;
using peer::Step;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr const char* kPassword = "tanstaaftanstaaf";
constexpr const char* kLine = "AUTH PLAIN AHRpbQB0YW5zdGFhZnRhbnN0YWFm\r\n";  // RFC 4616's example
constexpr const char* kFile = "/tmp/privyseal-relay-password";

class GatewayLogin : public GatewayTest {
 protected:
  static void SetUpTestSuite() {
    const std::string file = kFile + std::to_string(::getpid());
    std::ofstream(file) << kPassword << "\n";
    ASSERT_EQ(::chmod(file.c_str(), 0600), 0);
    ASSERT_TRUE(::getuid() != 0 || ::chown(file.c_str(), kGatewayUid, kGatewayUid) == 0);
    open_lab({.cjsm_extra = "relay_user = \"tim\"\nrelay_password_file = \"" + file + "\"\n"});
    ::unlink(file.c_str());  // it was read once, at the start
  }

  static void relay_answers(std::string reply,
                            std::vector<std::string> offered = {"PIPELINING", "AUTH LOGIN PLAIN"}) {
    lab_->relay->play([reply = std::move(reply), offering = peer::offering(std::move(offered))](
                          const Event& event, Answer usual) {
      usual = offering(event, std::move(usual));
      if (event.step == Step::kOther && event.line.starts_with("AUTH")) usual.reply = reply;
      return usual;
    });
  }

  void TearDown() override {
    EXPECT_THAT(lab_->gateway->output(), Not(HasSubstr("AHRpb")));
    EXPECT_THAT(lab_->gateway->output(), Not(HasSubstr(kPassword)));
    GatewayTest::TearDown();
  }
};

TEST_F(GatewayLogin, HappensInsideTlsBeforeTheMail) {
  relay_answers("235 2.7.0 welcome\r\n");
  expect_out(250, mail_out());
  const auto sessions = sessions_of(lab_->relay.get());
  ASSERT_EQ(sessions.size(), 1U);
  EXPECT_THAT(sessions[0].plain, Not(HasSubstr("AUTH")));
  EXPECT_THAT(sessions[0].encrypted, HasSubstr(std::string(kLine) + "MAIL FROM"));
}

TEST_F(GatewayLogin, WithoutWhichTheMailWaits) {
  for (const char* reply : {"535 5.7.8 no\r\n", "454 4.7.0 not now\r\n", "334 \r\n", "250 ok\r\n"}) {
    relay_answers(reply);
    const auto heard = lab_->lan_client().send(mail_out());
    ASSERT_TRUE(heard);
    EXPECT_THAT(heard->text, StartsWith("451 4.7.0 CJSM does not take")) << reply;
  }
  for (const LedgerRow& row : rows(4)) EXPECT_EQ(row.outcome, "deferred");
  for (const auto& session : sessions_of(lab_->relay.get())) EXPECT_TRUE(session.transactions.empty());
}

TEST_F(GatewayLogin, IsNotSentToWhoDoesNotAskForIt) {
  for (const std::vector<std::string>& offered :
       {std::vector<std::string>{"PIPELINING"}, {"AUTH LOGIN CRAM-MD5"}, {"AUTH=PLAIN"}}) {
    relay_answers("235 2.7.0 welcome\r\n", offered);
    expect_out(451, mail_out());
  }
  auto other = GatewayLab::with_certificate(lab_->relay_tls(), &lab_->other_ca, {.dns_names = {kRelayName}});
  lab_->relay->use(other);
  relay_answers("235 2.7.0 welcome\r\n");
  expect_out(451, mail_out());
  for (const auto& session : sessions_of(lab_->relay.get()))
    EXPECT_THAT(session.plain + session.encrypted, Not(HasSubstr("AUTH")));
}

TEST_F(GatewayLogin, IsNoBusinessOfTheMailServer) {
  expect_in(250, mail_in());
  EXPECT_THAT(sessions_of(lab_->server.get()).at(0).encrypted, Not(HasSubstr("AUTH")));
}

}  // namespace
}  // namespace privyseal::test
