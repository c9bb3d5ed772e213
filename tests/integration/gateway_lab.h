/// The mail path as the tests see it: keyd with a token, gatewayd, a stand-in CJSM relay,
/// a stand-in mail server of the organisation, and clients for both listeners.
///
/// One lab serves all tests of a suite, because a token with its keys takes a moment; each test
/// starts with peers that behave and remember nothing, and sees only its own ledger rows.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "hsm/client.h"
#include "tests/peer/smtp_client.h"
#include "tests/peer/smtp_peer.h"
#include "tests/support/certificates.h"
#include "tests/support/gateway.h"
#include "tests/support/token.h"

namespace privyseal::test {

inline constexpr uid_t kKeydUid = 961;  ///< image/sysusers.d
inline constexpr const char* kRelayName = "relay.cjsm.example";
inline constexpr const char* kServerName = "mail.lawfirm.example";
inline constexpr const char* kGatewayName = "gateway.lawfirm.example";
inline constexpr const char* kSecret = "CANARY-7f3a-OFFICIAL-SENSITIVE";  ///< stands in every message

struct LabOptions {
  std::uint64_t max_message_bytes = 26214400;
  std::string limits{};  ///< further TOML lines of [limits]
  std::string lan_clients = "\"127.0.0.0/8\"";
  std::string cjsm_clients = "\"127.0.0.0/8\"";
  std::string lan_extra{};   ///< further TOML lines of [lan]
  std::string cjsm_extra{};  ///< and of [cjsm]
  std::filesystem::path ledger_folder{};
  std::vector<std::string> environment{};  ///< of the gateway
  std::string settings{};                  ///< TOML lines at the top of its settings
  std::string keyd{};                      ///< TOML lines of keyd's settings
  std::string caller = "console";          ///< what the tests' user is at the gateway's door
};

class GatewayLab {
 public:
  explicit GatewayLab(const LabOptions& options = {});

  // What a peer shows and checks when it behaves.
  [[nodiscard]] peer::TlsOptions relay_tls();
  [[nodiscard]] peer::TlsOptions server_tls();
  [[nodiscard]] peer::TlsOptions lan_client_tls();
  [[nodiscard]] peer::TlsOptions cjsm_client_tls();
  /// `tls` with a certificate of `ca` made to order.
  [[nodiscard]] static peer::TlsOptions with_certificate(peer::TlsOptions tls, TestCa* ca,
                                                         const LeafOptions& options);

  /// A client that has said EHLO inside TLS. Fails the test and ends it if that does not work.
  [[nodiscard]] peer::SmtpClient lan_client();
  [[nodiscard]] peer::SmtpClient cjsm_client();

  /// A further key for the CJSM side, and its certificate, as settings.cjsm holds the first ones.
  [[nodiscard]] GatewaySettings::Side another_cjsm_identity(const std::string& key);

  /// How often keyd has signed with `key`.
  struct Uses {
    std::uint64_t client;
    std::uint64_t server;
  };
  [[nodiscard]] Uses uses(const std::string& key);

  TestCa egress_ca{"Stand-in Egress CA"};
  TestCa lan_ca{"Organisation CA"};
  TestCa other_ca{"Stand-in Egress CA"};  ///< same name, another key
  TestKeyd keyd;
  std::unique_ptr<peer::SmtpPeer> relay;
  std::unique_ptr<peer::SmtpPeer> server;
  std::unique_ptr<TestGateway> gateway;
  GatewaySettings settings;  ///< those the gateway was started with

 private:
  void make_identities();
  /// A key made by keyd, and its certificate by way of a CSR that keyd signed.
  [[nodiscard]] std::string certified_key(TestCa* ca, const std::string& key, hsm::KeyRole role);

  Credential relay_credential_ = egress_ca.issue({.dns_names = {kRelayName}});
  Credential server_credential_ = lan_ca.issue({.dns_names = {kServerName}});
  std::shared_ptr<peer::TicketKeys> tickets_ = std::make_shared<peer::TicketKeys>();
};

class GatewayTest : public testing::Test {
 protected:
  static void SetUpTestSuite() { open_lab({}); }
  static void TearDownTestSuite();
  static void open_lab(const LabOptions& options) { lab_ = std::make_unique<GatewayLab>(options); }

  void SetUp() override;
  void TearDown() override;

  /// This test's rows, once each is closed and there are `count` of them.
  [[nodiscard]] std::vector<LedgerRow> rows(std::size_t count) const;
  /// As if the clock had stood there once, and a mail had come then. The ledger keeps it.
  static void record_mail_at(const std::string& rfc3339);
  /// The one row of this test, once it is closed.
  [[nodiscard]] LedgerRow only_row() const { return rows(1).at(0); }
  /// The relay's, or the server's, sessions once all of them are over.
  [[nodiscard]] static std::vector<peer::Session> sessions_of(peer::SmtpPeer* peer);
  /// Sends one mail on a new connection; ends the test unless `code` is the answer.
  void expect_out(int code, const peer::Mail& mail);
  void expect_in(int code, const peer::Mail& mail);

  static std::unique_ptr<GatewayLab> lab_;
  std::int64_t first_row_ = 0;  ///< the last row before this test
};

/// Another one with each call, by its Message-ID.
[[nodiscard]] peer::Mail mail_out();
[[nodiscard]] peer::Mail mail_in();
/// Leading dots, 8-bit bytes, an empty line at the end, lines of 998 bytes.
[[nodiscard]] std::string difficult_message();
/// `received` without the trace lines that the gateway put in front.
[[nodiscard]] std::string without_trace(const std::string& received);

/// Nothing but SMTP's opening may be sent in clear.
[[nodiscard]] bool is_only_opening(const std::string& plain);

}  // namespace privyseal::test
