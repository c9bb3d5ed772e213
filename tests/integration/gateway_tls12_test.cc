// TLS 1.2 with old mail servers on the LAN side: only those that the settings except, only until the day, and
// written down.
#include <gmock/gmock.h>
#include <signal.h>

#include "tests/integration/gateway_lab.h"

namespace privyseal::test {
namespace {

using peer::SmtpClient;
using peer::TlsOptions;
using peer::TlsVersion;
using testing::HasSubstr;

constexpr const char* kOldClient = "127.0.0.7";

TlsOptions old(TlsOptions tls) {
  tls.most = TlsVersion::kTls12;
  return tls;
}

class GatewayTls12 : public GatewayTest {
 protected:
  static void open(const std::string& until) {
    open_lab({.limits = "hop_seconds = 5\n",
              .lan_extra = std::string("[lan.tls12_exception]\nreason = \"a test\"\nuntil = \"") + until +
                           "\"\nclients = [\"" + kOldClient + "\"]\nservers = [\"" + kServerName + "\"]\n",
              .keyd =
                  "[tls12_exception]\nreason = \"a test\"\nroles = [\"lan-identity\", \"cjsm-identity\"]\n"
                  "until = \"9999-12-31\"\n"});
  }

  static bool shakes_hands(const std::string& from, const TlsOptions& tls, bool is_cjsm = false) {
    auto client = SmtpClient::connect(is_cjsm ? lab_->gateway->cjsm_port() : lab_->gateway->lan_port(), from);
    EXPECT_TRUE(client);
    return client && client->open(tls);
  }
};

class GatewayTls12Excepted : public GatewayTls12 {
 protected:
  static void SetUpTestSuite() { open("9999-12-31"); }
};

TEST_F(GatewayTls12Excepted, OldMailServersSendAndAreSentTo) {
  auto client = SmtpClient::connect(lab_->gateway->lan_port(), kOldClient);
  ASSERT_TRUE(client);
  ASSERT_TRUE(client->open(old(lab_->lan_client_tls())));
  const auto reply = client->send(mail_out());
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->code, 250);
  lab_->server->use(old(lab_->server_tls()));
  expect_in(250, mail_in());
  const auto seen = rows(2);
  EXPECT_EQ(seen[0].outcome, "delivered");
  EXPECT_EQ(seen[1].outcome, "delivered");
  EXPECT_EQ(sessions_of(lab_->relay.get()).at(0).tls->version, TlsVersion::kTls13);
  EXPECT_EQ(sessions_of(lab_->server.get()).at(0).tls->version, TlsVersion::kTls12);
  EXPECT_THAT(lab_->gateway->output(), HasSubstr("tls12-excepted"));
}

TEST_F(GatewayTls12Excepted, NobodyElseMay) {
  EXPECT_FALSE(shakes_hands("127.0.0.1", old(lab_->lan_client_tls())));
  EXPECT_FALSE(shakes_hands(kOldClient, old(lab_->cjsm_client_tls()), true));
  EXPECT_TRUE(shakes_hands("127.0.0.1", lab_->lan_client_tls()));
  lab_->relay->use(old(lab_->relay_tls()));
  expect_out(451, mail_out());
  EXPECT_TRUE(lab_->relay->mails().empty());
}

TEST_F(GatewayTls12Excepted, OneThatSpeaksTls13IsSpokenToSo) {
  EXPECT_TRUE(shakes_hands(kOldClient, lab_->lan_client_tls()));
  expect_in(250, mail_in());
  EXPECT_EQ(sessions_of(lab_->server.get()).at(0).tls->version, TlsVersion::kTls13);
}

class GatewayTls12Ended : public GatewayTls12 {
 protected:
  static void SetUpTestSuite() { open("2026-01-31"); }
};

TEST_F(GatewayTls12Ended, IsAsIfThereWereNone) {
  EXPECT_FALSE(shakes_hands(kOldClient, old(lab_->lan_client_tls())));
  lab_->server->use(old(lab_->server_tls()));
  expect_in(451, mail_in());
  EXPECT_TRUE(lab_->server->mails().empty());
}

class GatewayTls12WithAClockSetBack : public GatewayTls12 {
 protected:
  static void SetUpTestSuite() { open("9998-12-31"); }
};

TEST_F(GatewayTls12WithAClockSetBack, IsAsEndedAsItWas) {
  EXPECT_TRUE(shakes_hands(kOldClient, old(lab_->lan_client_tls())));
  record_mail_at("9999-01-01T00:00:00.000Z");
  const auto again = lab_->gateway->restart(SIGTERM);
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_FALSE(shakes_hands(kOldClient, old(lab_->lan_client_tls())));
  EXPECT_TRUE(shakes_hands(kOldClient, lab_->lan_client_tls()));
  lab_->server->use(old(lab_->server_tls()));
  expect_in(451, mail_in());
  EXPECT_TRUE(lab_->server->mails().empty());
}

}  // namespace
}  // namespace privyseal::test
