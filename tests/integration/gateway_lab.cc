#include "tests/integration/gateway_lab.h"

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <format>
#include <fstream>
#include <regex>

#include "firmware/base/check.h"
#include "firmware/base/database.h"

namespace privyseal::test {

using peer::Mail;
using peer::Session;
using peer::SmtpClient;
using peer::SmtpPeer;
using peer::TlsOptions;

GatewayLab::GatewayLab(const LabOptions& options)
    : keyd({.run_as = Identity{.uid = kKeydUid, .gid = kKeydUid}, .more_settings = options.keyd}) {
  make_identities();
  auto relay_started = SmtpPeer::start(relay_tls());
  auto server_started = SmtpPeer::start(server_tls());
  CHECK(relay_started && server_started);
  relay = std::move(*relay_started);
  server = std::move(*server_started);
  settings.folder = keyd.folder() / "gateway";
  settings.ledger_folder = options.ledger_folder;
  settings.keyd_socket = keyd.socket();
  settings.environment = options.environment;
  settings.extra = "practice = true\n" + options.settings;
  settings.caller = options.caller;
  settings.max_message_bytes = options.max_message_bytes;
  settings.limits = options.limits;
  settings.lan.clients = options.lan_clients;
  settings.lan.extra = options.lan_extra;
  settings.cjsm.extra = options.cjsm_extra;
  settings.cjsm.clients = options.cjsm_clients;
  settings.lan.hop_port = server->port();
  settings.cjsm.hop_port = relay->port();
  auto gateway_started = TestGateway::start(settings);
  if (!gateway_started) ADD_FAILURE() << gateway_started.error().message;
  CHECK(gateway_started);
  gateway = std::move(*gateway_started);
}

std::string GatewayLab::certified_key(TestCa* ca, const std::string& key, hsm::KeyRole role) {
  hsm::Client client(keyd.socket());
  const auto made = client.generate(key, role, hsm::KeyType::kEcP256);
  CHECK(made);
  const auto csr = certificate_request(made->public_key, kGatewayName, [&](ByteView request_info) {
    return client.sign_csr(key, request_info);
  });
  CHECK(csr);
  return ca->issue_from_csr(*csr, {.dns_names = {kGatewayName}});
}

GatewaySettings::Side GatewayLab::another_cjsm_identity(const std::string& key) {
  GatewaySettings::Side side = settings.cjsm;
  side.chain_pem = certified_key(&egress_ca, key, hsm::KeyRole::kCjsmIdentity);
  side.key = "keyd:" + key;
  return side;
}

void GatewayLab::make_identities() {
  CHECK(hsm::Client(keyd.socket()).generate("audit", hsm::KeyRole::kAudit, hsm::KeyType::kEcP256));
  settings.cjsm.chain_pem = certified_key(&egress_ca, "gateway", hsm::KeyRole::kCjsmIdentity);
  settings.cjsm.key = "keyd:gateway";
  settings.cjsm.ca_pem = egress_ca.pem();
  settings.cjsm.hop_name = kRelayName;
  settings.lan.chain_pem = certified_key(&lan_ca, "lan", hsm::KeyRole::kLanIdentity);
  settings.lan.key = "keyd:lan";
  settings.lan.ca_pem = lan_ca.pem();
  settings.lan.hop_name = kServerName;
}

TlsOptions GatewayLab::relay_tls() {
  // It gives out tickets, so that a gateway that wanted to resume could.
  return {.ca_pem = egress_ca.pem(),
          .chain_pem = relay_credential_.chain_pem,
          .key_pem = relay_credential_.key_pem,
          .server_name = {},
          .tickets = tickets_};
}

TlsOptions GatewayLab::server_tls() {
  // An ordinary mail server asks its clients for no certificate.
  return {.ca_pem = {},
          .chain_pem = server_credential_.chain_pem,
          .key_pem = server_credential_.key_pem,
          .server_name = {}};
}

TlsOptions GatewayLab::lan_client_tls() {
  return {.ca_pem = lan_ca.pem(), .chain_pem = {}, .key_pem = {}, .server_name = kGatewayName};
}

TlsOptions GatewayLab::cjsm_client_tls() {
  return {.ca_pem = egress_ca.pem(),
          .chain_pem = relay_credential_.chain_pem,
          .key_pem = relay_credential_.key_pem,
          .server_name = kGatewayName};
}

TlsOptions GatewayLab::with_certificate(TlsOptions tls, TestCa* ca, const LeafOptions& options) {
  Credential credential = ca->issue(options);
  tls.chain_pem = std::move(credential.chain_pem);
  tls.key_pem = std::move(credential.key_pem);
  return tls;
}

namespace {

SmtpClient opened(const TestGateway& gateway, std::uint16_t port, const TlsOptions& tls) {
  auto client = SmtpClient::connect(port);
  if (!client) std::fputs(gateway.output().c_str(), stderr);  // why it is gone
  CHECK(client);
  const auto open = client->open(tls);
  if (!open) ADD_FAILURE() << "no session with the gateway: " << open.error().message;
  return std::move(*client);
}

}  // namespace

SmtpClient GatewayLab::lan_client() { return opened(*gateway, gateway->lan_port(), lan_client_tls()); }
SmtpClient GatewayLab::cjsm_client() { return opened(*gateway, gateway->cjsm_port(), cjsm_client_tls()); }

GatewayLab::Uses GatewayLab::uses(const std::string& key) {
  const auto all = hsm::Client(keyd.socket()).uses();
  CHECK(all);
  for (const hsm::KeyUses& use : *all)
    if (use.name == key) return {.client = use.tls_client, .server = use.tls_server};
  return {.client = 0, .server = 0};
}

std::unique_ptr<GatewayLab> GatewayTest::lab_;

namespace {

/// Connections to `port` that this end still has to close (/proc/net/tcp: ESTABLISHED or CLOSE_WAIT).
bool has_sessions(std::uint16_t port) {
  std::ifstream table("/proc/net/tcp");
  const std::regex session(std::format("^ *[0-9]+: [0-9A-F]{{8}}:{:04X} [0-9A-F:]+ (01|08) .*", port));
  for (std::string line; std::getline(table, line);)
    if (std::regex_match(line, session)) return true;
  return false;
}

}  // namespace

void GatewayTest::SetUp() {
  // A session that a client left writes its row before it closes: the row belongs to the test before this
  // one.
  static_cast<void>(wait_until(
      [&] { return !has_sessions(lab_->gateway->lan_port()) && !has_sessions(lab_->gateway->cjsm_port()); },
      std::chrono::seconds(2)));
  lab_->relay->play(nullptr);
  lab_->relay->use(lab_->relay_tls());
  lab_->relay->forget_sessions();
  lab_->server->play(nullptr);
  lab_->server->use(lab_->server_tls());
  lab_->server->forget_sessions();
  const auto before = lab_->gateway->rows();
  first_row_ = before.empty() ? 0 : before.back().id;
}

void GatewayTest::TearDownTestSuite() {
  EXPECT_EQ(lab_->gateway->stop(), 0) << lab_->gateway->output();
  lab_.reset();
}

void GatewayTest::TearDown() {
  EXPECT_TRUE(lab_->gateway->process().is_running()) << lab_->gateway->output();
  if (HasFailure()) std::fputs(lab_->gateway->output().c_str(), stderr);
}

void GatewayTest::record_mail_at(const std::string& rfc3339) {
  auto database = Database::open(lab_->gateway->ledger(), Database::Mode::kReadWrite);
  ASSERT_TRUE(database) << database.error().message;
  auto insert = database->prepare(
      "INSERT INTO mail (opened_at, direction, client_address, sender, recipients, hop, outcome, salt, form)"
      " VALUES (?1, 'out', '', '', '', '', 'refused', zeroblob(16), 2)");
  ASSERT_TRUE(insert) << insert.error().message;
  ASSERT_TRUE(insert->bind(1, rfc3339).run());
}

std::vector<LedgerRow> GatewayTest::rows(std::size_t count) const {
  std::vector<LedgerRow> found;
  const bool closed = wait_until([&] {
    found = lab_->gateway->rows(first_row_);
    return found.size() >= count &&
           std::ranges::none_of(found, [](const LedgerRow& row) { return row.outcome == "open"; });
  });
  EXPECT_TRUE(closed) << "ledger rows still open or missing";
  EXPECT_EQ(found.size(), count);
  found.resize(count);
  return found;
}

std::vector<Session> GatewayTest::sessions_of(SmtpPeer* peer) {
  std::vector<Session> sessions;
  EXPECT_TRUE(wait_until([&] {
    sessions = peer->sessions();
    return std::ranges::all_of(sessions, [](const Session& session) { return session.is_over; });
  })) << "the gateway keeps a connection open";
  return sessions;
}

void GatewayTest::expect_out(int code, const Mail& mail) {
  const auto reply = lab_->lan_client().send(mail);
  ASSERT_TRUE(reply) << reply.error().message;
  EXPECT_EQ(reply->code, code) << reply->text;
}

void GatewayTest::expect_in(int code, const Mail& mail) {
  const auto reply = lab_->cjsm_client().send(mail);
  ASSERT_TRUE(reply) << reply.error().message;
  EXPECT_EQ(reply->code, code) << reply->text;
}

namespace {

/// All of one length.
std::string message_id() {
  static std::atomic<int> number = 100'000;
  return "Message-ID: <" + std::to_string(++number) + "@test.example>\r\n";
}

}  // namespace

Mail mail_out() {
  return {"alice@lawfirm.example",
          {"bob@police.example.cjsm.net"},
          "From: alice@lawfirm.example\r\n" + message_id() + "Subject: case\r\n\r\n" + std::string(kSecret) +
              "\r\n"};
}

Mail mail_in() {
  return {"bob@police.example.cjsm.net",
          {"alice@lawfirm.example.cjsm.net"},
          "From: bob@police.example.cjsm.net\r\n" + message_id() + "Subject: re: case\r\n\r\n" +
              std::string(kSecret) + "\r\n"};
}

std::string difficult_message() {
  std::string message = "From: a@lawfirm.example\r\nSubject: =?utf-8?q?=C3=A9?=\r\n\r\n";
  message += ".\r\n..\r\n.dot\r\n" + std::string(kSecret) + "\r\n";
  message +=
      "Gr\xc3\xbc\xc3\x9f"
      "e, \xa3 \xff\xfe 8-bit\r\n";
  message += std::string(998, 'x') + "\r\n." + std::string(997, 'y') + "\r\n";
  message += "\r\n.\t\r\n . \r\nlast\r\n\r\n";
  return message;
}

std::string without_trace(const std::string& received) {
  static const std::regex kTrace(
      R"(^(Received|Authentication-Results|X-CJSM-Origin|X-CJSM-Handling):[^\r]*\r\n([ \t][^\r]*\r\n)*)");
  std::string rest = received;
  std::smatch match;
  while (std::regex_search(rest, match, kTrace, std::regex_constants::match_continuous))
    rest = match.suffix();
  return rest;
}

bool is_only_opening(const std::string& plain) {
  std::string_view rest = plain;
  for (const std::string_view line : {"EHLO gateway.lawfirm.example\r\n", "STARTTLS\r\n", "QUIT\r\n"})
    if (rest.starts_with(line)) rest.remove_prefix(line.size());
  return rest.empty();
}

}  // namespace privyseal::test
