// Keys that are away, and what the process that speaks TLS can reach of them: keyd dead, hung
// or restarted is a reason to wait and never to restart the gateway.
#include <gmock/gmock.h>
#include <signal.h>

#include <fstream>
#include <functional>
#include <iterator>
#include <thread>

#include "tests/integration/gateway_lab.h"

namespace privyseal::test {
namespace {

using namespace std::chrono_literals;
using peer::SmtpClient;
using testing::HasSubstr;
using testing::Not;

class GatewayKeys : public GatewayTest {
 protected:
  void SetUp() override {
    GatewayTest::SetUp();
    gateway_pid_ = lab_->gateway->process().pid();
  }
  void TearDown() override {
    GatewayTest::TearDown();
    EXPECT_EQ(lab_->gateway->process().pid(), gateway_pid_) << "the gateway must not need a restart";
  }

  int starttls_reply(std::uint16_t port) {
    auto client = SmtpClient::connect(port);
    EXPECT_TRUE(client);
    EXPECT_EQ(client->read_reply()->code, 220);
    EXPECT_EQ(client->command("EHLO client.example")->code, 250);
    const auto reply = client->command("STARTTLS");
    return reply ? reply->code : -1;
  }

  /// The reply that the transaction got in the end, whatever step gave it.
  static int outcome_of(SmtpClient* client, const peer::Mail& mail) {
    const auto reply = client->send(mail);
    if (reply && reply->code / 100 != 2) {
      EXPECT_EQ(client->command("RSET")->code, 250);  // the refused mail is still open
    }
    return reply ? reply->code : -1;
  }

  void expect_all_well() {
    expect_out(250, mail_out());
    expect_in(250, mail_in());
  }

  pid_t gateway_pid_ = 0;
};

TEST_F(GatewayKeys, KeydDeadIsAReasonToWaitAndItsReturnIsNoticed) {
  SmtpClient open_session = lab_->lan_client();
  lab_->keyd.kill();
  EXPECT_EQ(starttls_reply(lab_->gateway->lan_port()), 454);
  EXPECT_EQ(starttls_reply(lab_->gateway->cjsm_port()), 454);
  EXPECT_EQ(outcome_of(&open_session, mail_out()), 451);
  EXPECT_TRUE(lab_->relay->mails().empty());
  for (const auto& session : sessions_of(lab_->relay.get())) EXPECT_TRUE(session.encrypted.empty());
  EXPECT_EQ(only_row().outcome, "deferred");
  ASSERT_TRUE(lab_->keyd.start());
  EXPECT_EQ(outcome_of(&open_session, mail_out()), 250);
  expect_all_well();
}

TEST_F(GatewayKeys, KeydRestartedBetweenTwoMailsIsNotNoticed) {
  SmtpClient client = lab_->lan_client();
  EXPECT_EQ(outcome_of(&client, mail_out()), 250);
  lab_->keyd.restart();
  EXPECT_EQ(outcome_of(&client, mail_out()), 250);
  lab_->keyd.kill();
  ASSERT_TRUE(lab_->keyd.start());
  EXPECT_EQ(outcome_of(&client, mail_out()), 250);
  expect_all_well();
}

TEST_F(GatewayKeys, KeydDeadDoesNotHurtAMailThatHasItsHandshakes) {
  SmtpClient client = lab_->lan_client();
  ASSERT_EQ(client.envelope(mail_out())->code, 354);
  lab_->keyd.kill();
  ASSERT_TRUE(client.write(peer::dot_stuffed(mail_out().message)));
  EXPECT_EQ(client.read_reply()->code, 250);
  ASSERT_TRUE(lab_->keyd.start());
  expect_all_well();
}

TEST_F(GatewayKeys, KeydHungIsAReasonToWaitAndStopsNobodyElse) {
  SmtpClient open_session = lab_->lan_client();
  SmtpClient other = lab_->lan_client();
  ASSERT_EQ(other.envelope(mail_out())->code, 354);
  ::kill(lab_->keyd.pid(), SIGSTOP);
  std::thread waiting([&] { EXPECT_EQ(outcome_of(&open_session, mail_out()), 451); });
  // A mail that needs no key meanwhile goes through, however long keyd takes.
  ASSERT_TRUE(other.write(peer::dot_stuffed(mail_out().message)));
  EXPECT_EQ(other.read_reply()->code, 250);
  EXPECT_EQ(starttls_reply(lab_->gateway->lan_port()), 454);
  waiting.join();
  ::kill(lab_->keyd.pid(), SIGCONT);
  EXPECT_TRUE(wait_until([&] { return starttls_reply(lab_->gateway->lan_port()) == 220; }));
  EXPECT_EQ(outcome_of(&open_session, mail_out()), 250);
  expect_all_well();
}

TEST_F(GatewayKeys, GatewayMapsNoPkcs11Module) {
  expect_all_well();
  const auto maps_of = [](pid_t pid) {
    std::ifstream maps("/proc/" + std::to_string(pid) + "/maps");
    return std::string(std::istreambuf_iterator<char>(maps), {});
  };
  const std::string gateway_maps = maps_of(gateway_pid_);
  EXPECT_THAT(gateway_maps, HasSubstr("privyseal.so")) << "its provider must be there";
  EXPECT_THAT(gateway_maps, Not(HasSubstr("softhsm")));
  EXPECT_THAT(gateway_maps, Not(HasSubstr("pkcs11")));
  EXPECT_THAT(maps_of(lab_->keyd.pid()), HasSubstr("softhsm")) << "or this test looks for the wrong name";
}

TEST_F(GatewayKeys, GatewaysUserReachesNeitherTokenNorPin) {
  const auto status_as = [](uid_t uid, const std::string& program, const std::filesystem::path& file) {
    auto child = ChildProcess::start({.program = program,
                                      .arguments = {file},
                                      .environment = {},
                                      .run_as = Identity{.uid = uid, .gid = uid}});
    EXPECT_TRUE(child);
    return child->wait(20s).value_or(-1);
  };
  const std::vector<std::pair<std::string, std::filesystem::path>> secrets{
      {"/bin/ls", lab_->keyd.token_folder()},
      {"/bin/cat", lab_->keyd.pin_file()},
      {"/bin/cat", lab_->keyd.folder() / "so-pin"}};
  for (const auto& [program, file] : secrets) EXPECT_NE(status_as(kGatewayUid, program, file), 0) << file;
  EXPECT_EQ(status_as(kKeydUid, "/bin/ls", lab_->keyd.token_folder()), 0);
  EXPECT_EQ(status_as(kKeydUid, "/bin/cat", lab_->keyd.pin_file()), 0);
  for (const auto& file : std::filesystem::recursive_directory_iterator(lab_->keyd.token_folder()))
    if (file.is_regular_file()) {
      EXPECT_NE(status_as(kGatewayUid, "/bin/cat", file.path()), 0) << file.path();
    }
}

TEST_F(GatewayKeys, GatewayRunsAsItsOwnUserAndHoldsNoPrivilege) {
  std::ifstream status("/proc/" + std::to_string(gateway_pid_) + "/status");
  const std::string text(std::istreambuf_iterator<char>(status), {});
  EXPECT_THAT(text, HasSubstr("Uid:\t962\t962\t962\t962"));
  EXPECT_THAT(text, HasSubstr("CapEff:\t0000000000000000"));
  EXPECT_THAT(text, HasSubstr("NoNewPrivs:\t1"));
}

/// Starts a second gateway with changed settings; gives what it said when it would not start.
std::string refusal_to_start(GatewayLab* lab, const std::function<void(GatewaySettings&)>& change) {
  GatewaySettings settings = lab->settings;
  settings.folder = lab->keyd.folder() / "second";
  std::filesystem::remove_all(settings.folder);
  change(settings);
  const auto started = TestGateway::start(settings);
  return started ? "it started" : started.error().message;
}

TEST_F(GatewayKeys, PracticeModeReachesNothingButLoopback) {
  for (const char* host : {"192.0.2.1", "relay.cjsm.example", "0.0.0.0", "::", "8.8.8.8", "localhost"})
    EXPECT_THAT(refusal_to_start(lab_.get(), [&](auto& settings) { settings.cjsm.hop_host = host; }),
                HasSubstr("loopback"))
        << host;
  EXPECT_THAT(refusal_to_start(lab_.get(), [](auto& settings) { settings.lan.hop_host = "192.0.2.1"; }),
              HasSubstr("loopback"));
  EXPECT_THAT(refusal_to_start(lab_.get(), [](auto& settings) { settings.lan.listen = "0.0.0.0:0"; }),
              HasSubstr("loopback"));
  EXPECT_THAT(refusal_to_start(lab_.get(), [](auto& settings) { settings.cjsm.listen = "192.0.2.1:0"; }),
              HasSubstr("loopback"));
  EXPECT_EQ(refusal_to_start(lab_.get(), [](auto&) {}), "it started");
}

TEST_F(GatewayKeys, BrokenSettingsStopTheStartWithOneClearSentence) {
  EXPECT_THAT(refusal_to_start(lab_.get(), [](auto& settings) { settings.extra = "practise = true\n"; }),
              HasSubstr("practise"));
  EXPECT_THAT(refusal_to_start(lab_.get(), [](auto& settings) { settings.cjsm.key = "keyd:nobody"; }),
              HasSubstr("nobody"));
  EXPECT_THAT(refusal_to_start(lab_.get(), [](auto& settings) { settings.cjsm.ca_pem = "no PEM\n"; }),
              HasSubstr("cjsm-ca.pem"));
  EXPECT_THAT(
      refusal_to_start(lab_.get(), [](auto& settings) { std::swap(settings.cjsm.key, settings.lan.key); }),
      HasSubstr("chain.pem"));
}

}  // namespace
}  // namespace privyseal::test
