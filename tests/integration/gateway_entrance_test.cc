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

/// 127.0.0.3 and 127.0.0.4 are proxies, 192.0.2.7 and 192.0.2.9 mail servers behind them. Of these only
/// 192.0.2.9 may send in clear, and 127.0.0.4 when it speaks for itself.
class GatewayProxy : public GatewayTest {
 protected:
  static void SetUpTestSuite() {
    open_lab({.lan_clients = R"("192.0.2.7/32", "192.0.2.9/32", "127.0.0.2/32", "127.0.0.4/32")",
              .lan_extra = "proxies = [\"127.0.0.3/32\", \"127.0.0.4/32\"]\nlisten_tls = \"127.0.0.1:0\"\n" +
                           exception("192.0.2.9") + exception("127.0.0.4")});
  }

  static std::string exception(const std::string& host) {
    return "[[lan.clear]]\nhost = \"" + host +
           "\"\nreason = \"old scanner\"\nauthoriser = \"J Smith\"\nuntil = \"9999-12-31T00:00:00Z\"\n";
  }

  static SmtpClient connect(const std::string& source, const std::string& first, bool tls_first = false) {
    const std::uint16_t port = tls_first ? lab_->gateway->lan_tls_port() : lab_->gateway->lan_port();
    auto client = SmtpClient::connect(port, source);
    EXPECT_TRUE(client);
    EXPECT_TRUE(client->write(first));
    return std::move(*client);
  }

  static std::string header(const std::string& address) {
    return std::string("\r\n\r\n\0\r\nQUIT\n\x21\x11\x00\x0c", 16) + address +
           std::string("\x7f\x00\x00\x01\x9c\x40\x00\x19", 8);
  }

  const std::string server_ = header(std::string("\xc0\x00\x02\x07", 4));    // 192.0.2.7:40000
  const std::string stranger_ = header(std::string("\xc0\x00\x02\x08", 4));  // 192.0.2.8
  const std::string scanner_ = header(std::string("\xc0\x00\x02\x09", 4));   // 192.0.2.9
  const std::string itself_ = std::string("\r\n\r\n\0\r\nQUIT\n\x20\x00\x00\x00", 16);
};

TEST_F(GatewayProxy, TellsWhoSends) {
  for (const bool tls_first : {false, true}) {
    SmtpClient client = connect("127.0.0.3", server_, tls_first);
    ASSERT_TRUE(tls_first ? client.open_tls_first(lab_->lan_client_tls())
                          : client.open(lab_->lan_client_tls()));
    EXPECT_EQ(client.send(mail_out())->code, 250);
  }
  for (const LedgerRow& row : rows(2)) EXPECT_EQ(row.client_address, "192.0.2.7:40000");
  for (const auto& mail : lab_->relay->mails()) EXPECT_THAT(mail.message, HasSubstr("([192.0.2.7])"));
}

TEST_F(GatewayProxy, IsHeardByteByByte) {
  SmtpClient client = connect("127.0.0.3", "");
  for (const char byte : server_) ASSERT_TRUE(client.write({&byte, 1}));
  EXPECT_TRUE(client.open(lab_->lan_client_tls()));
}

TEST_F(GatewayProxy, CannotLetAStrangerIn) {
  SmtpClient client = connect("127.0.0.3", stranger_);
  EXPECT_EQ(client.read_reply()->code, 554);
}

TEST_F(GatewayProxy, MustSayAHeader) {
  for (const std::string& first :
       {std::string("EHLO client.example\r\n"), std::string("PROXY TCP4 192.0.2.7 1.2.3.4 1 25\r\n"),
        std::string(600, 'x'), std::string("\r\n\r\n\0\r\nQUIT\n\x21\x11\xff\xff", 16)}) {
    SmtpClient client = connect("127.0.0.3", first);
    EXPECT_FALSE(client.read_reply());
  }
  SmtpClient for_itself = connect("127.0.0.3", itself_);
  EXPECT_EQ(for_itself.read_reply()->code, 554);  // it is no client
}

TEST_F(GatewayProxy, NobodyElseIsBelieved) {
  SmtpClient client = connect("127.0.0.2", server_);
  EXPECT_EQ(client.read_reply()->code, 220);
  EXPECT_EQ(client.read_reply()->code / 100, 5);  // the header is no command
  SmtpClient stranger = connect("127.0.0.9", server_);
  EXPECT_EQ(stranger.read_reply()->code, 554);
  SmtpClient listed = connect("127.0.0.2", "");
  EXPECT_TRUE(listed.open(lab_->lan_client_tls()));
}

TEST_F(GatewayProxy, CannotPutCommandsBeforeTls) {
  SmtpClient client = connect("127.0.0.3", server_ + "EHLO client.example\r\nSTARTTLS\r\nNOOP\r\n");
  for (const int code : {220, 250, 521}) EXPECT_EQ(client.read_reply()->code, code);
  EXPECT_TRUE(client.is_ended_by_server(10s));
}

TEST_F(GatewayProxy, Clause17AnExceptionFromTlsIsForTheHostThatItTells) {
  const auto greeted = [this](const std::string& proxy, const std::string& header) {
    SmtpClient client = connect(proxy, header);
    EXPECT_EQ(client.read_reply()->code, 220);
    EXPECT_EQ(client.command("EHLO scanner.example")->code, 250);
    return client;
  };
  for (const char* proxy : {"127.0.0.3", "127.0.0.4"}) {
    EXPECT_EQ(greeted(proxy, server_).command("MAIL FROM:<alice@lawfirm.example>")->code, 530) << proxy;
    EXPECT_EQ(greeted(proxy, scanner_).send(mail_out())->code, 250) << proxy;
  }
  EXPECT_EQ(greeted("127.0.0.4", itself_).send(mail_out())->code, 250);
  const auto sent = rows(3);
  for (const std::size_t told : {0U, 1U}) EXPECT_EQ(sent.at(told).client_address, "192.0.2.9:40000");
  EXPECT_THAT(sent.at(2).client_address, StartsWith("127.0.0.4:"));
  EXPECT_THAT(lab_->relay->mails().at(0).message, HasSubstr("([192.0.2.9])"));
}

}  // namespace
}  // namespace privyseal::test
