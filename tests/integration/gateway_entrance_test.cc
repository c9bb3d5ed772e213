// Other ways to come in: listeners where TLS comes before the first word, and a proxy in front of the LAN
// listener.
#include <gmock/gmock.h>

#include "tests/integration/gateway_lab.h"

namespace privyseal::test {
namespace {

using namespace std::chrono_literals;
using peer::SmtpClient;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class GatewayTlsFirst : public GatewayTest {
 protected:
  static void SetUpTestSuite() {
    open_lab({.lan_clients = "\"127.0.0.1/32\"",
              .lan_extra = "listen_tls = \"127.0.0.1:0\"\n",
              .cjsm_extra = "listen_tls = \"127.0.0.1:0\"\n"});
  }

  static SmtpClient connect(std::uint16_t port, const std::string& source = "127.0.0.1") {
    auto client = SmtpClient::connect(port, source);
    EXPECT_TRUE(client);
    return std::move(*client);
  }
};

TEST_F(GatewayTlsFirst, CarriesMailBothWays) {
  SmtpClient lan = connect(lab_->gateway->lan_tls_port());
  ASSERT_TRUE(lan.open_tls_first(lab_->lan_client_tls()));
  EXPECT_THAT(lan.command("EHLO client.example")->text, Not(HasSubstr("STARTTLS")));
  EXPECT_EQ(lan.command("STARTTLS")->code, 503);
  EXPECT_EQ(lan.send(mail_out())->code, 250);
  SmtpClient cjsm = connect(lab_->gateway->cjsm_tls_port());
  ASSERT_TRUE(cjsm.open_tls_first(lab_->cjsm_client_tls()));
  EXPECT_EQ(cjsm.send(mail_in())->code, 250);
  EXPECT_EQ(lab_->relay->mails().size(), 1U);
  EXPECT_EQ(lab_->server->mails().size(), 1U);
  for (const LedgerRow& row : rows(2)) EXPECT_EQ(row.outcome, "delivered");
}

TEST_F(GatewayTlsFirst, AsksTheRelayForItsCertificate) {
  auto tls = lab_->cjsm_client_tls();
  tls.chain_pem = tls.key_pem = "";
  EXPECT_FALSE(connect(lab_->gateway->cjsm_tls_port()).open_tls_first(tls));
}

TEST_F(GatewayTlsFirst, SaysNothingInClear) {
  SmtpClient talker = connect(lab_->gateway->lan_tls_port());
  ASSERT_TRUE(talker.write("EHLO client.example\r\nMAIL FROM:<alice@lawfirm.example>\r\n"));
  const auto heard = talker.read_reply();  // an alert of TLS, which is no reply, and the end
  ASSERT_FALSE(heard);
  EXPECT_NE(heard.error().code, ErrorCode::kTimeout);
  SmtpClient stranger = connect(lab_->gateway->lan_tls_port(), "127.0.0.9");
  EXPECT_FALSE(stranger.read_reply());
  EXPECT_TRUE(lab_->relay->sessions().empty());
}

}  // namespace
}  // namespace privyseal::test
