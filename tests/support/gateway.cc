#include "tests/support/gateway.h"

#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <iterator>
#include <sstream>

#include "firmware/base/check.h"
#include "firmware/base/database.h"
#include "firmware/base/door.h"

namespace privyseal::test {
namespace {

constexpr std::chrono::seconds kStartsWithin{30};
constexpr std::chrono::seconds kEndsWithin{30};

std::string content_of(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

void write(const std::filesystem::path& file, const std::string& text) {
  std::ofstream(file, std::ios::binary) << text;
  CHECK(::chmod(file.c_str(), 0644) == 0);
}

std::string quoted(const std::string& text) { return '"' + text + '"'; }

/// `hop` is "server" or "relay".
std::string side_toml(const GatewaySettings::Side& side, const std::filesystem::path& folder,
                      const std::string& name, const std::string& hop) {
  std::ostringstream toml;
  toml << "[" << name << "]\n"
       << "listen = " << quoted(side.listen) << "\n"
       << "identity = " << quoted(folder / "identities" / name) << "\n"
       << "ca = " << quoted(folder / (name + "-ca.pem")) << "\n"
       << "clients = [" << side.clients << "]\n"
       << hop << "_host = " << quoted(side.hop_host) << "\n"
       << hop << "_port = " << side.hop_port << "\n"
       << hop << "_name = " << quoted(side.hop_name) << "\n"
       << side.extra;
  return toml.str();
}

std::string settings_toml(const GatewaySettings& settings, const std::filesystem::path& ledger) {
  std::ostringstream toml;
  toml << "host = \"gateway.lawfirm.example\"\n"
       << "domains = [\"lawfirm.example\"]\n"
       << "ledger = " << quoted(ledger) << "\n"
       << "threads = 2\n"
       << "openssl_config = " << quoted(settings.folder / "openssl.cnf") << "\n"
       << "status = " << quoted(settings.folder / "gateway.status") << "\n"
       << settings.extra << "[limits]\nmax_message_bytes = " << settings.max_message_bytes << "\n"
       << settings.limits << side_toml(settings.lan, settings.folder, "lan", "server")
       << side_toml(settings.cjsm, settings.folder, "cjsm", "relay") << "client_names = ["
       << quoted(settings.client_name) << "]\n"
       << "[audit]\nkeyd_socket = " << quoted(settings.keyd_socket)
       << "\nkey = " << quoted(settings.audit_key) << "\n"
       << "[door]\npath = " << quoted(settings.folder / "door") << "\nmode = \"0666\"\n"
       << "[door.callers]\n"
       << settings.caller << " = [" << quoted(std::to_string(::getuid())) << "]\n";
  return toml.str();
}

std::string openssl_conf(const std::filesystem::path& keyd_socket) {
  std::ostringstream text;
  text << "openssl_conf = init\n[init]\nproviders = providers\n"
       << "[providers]\ndefault = default_provider\nprivyseal = privyseal_provider\n"
       << "[default_provider]\nactivate = 1\n"
       << "[privyseal_provider]\nmodule = " << PRIVYSEAL_PROVIDER << "\nsocket = " << keyd_socket.string()
       << "\nactivate = 1\n";
  return text.str();
}

/// The port behind "NAME=127.0.0.1:" in the status file; 0: not there.
std::uint16_t port_of(const std::string& status, const std::string& name) {
  const std::string key = name + "=127.0.0.1:";
  const auto at = status.find(key);
  if (at == std::string::npos || status.find('\n', at) == std::string::npos) return 0;
  return static_cast<std::uint16_t>(std::stoi(status.substr(at + key.size())));
}

}  // namespace

std::filesystem::path TestGateway::ledger() const {
  return (settings_.ledger_folder.empty() ? settings_.folder : settings_.ledger_folder) / "ledger.db";
}

std::string TestGateway::output() const { return content_of(settings_.folder / "gateway.log"); }

Result<void> TestGateway::write_files() {
  const auto& folder = settings_.folder;
  std::filesystem::create_directories(folder);
  if (::getuid() == 0 && ::chown(folder.c_str(), kGatewayUid, kGatewayUid) != 0) return fail_errno("chown");
  activate("lan", settings_.lan.chain_pem, settings_.lan.key);
  activate("cjsm", settings_.cjsm.chain_pem, settings_.cjsm.key);
  write(folder / "lan-ca.pem", settings_.lan.ca_pem);
  write(folder / "cjsm-ca.pem", settings_.cjsm.ca_pem);
  write(folder / "openssl.cnf", openssl_conf(settings_.keyd_socket));
  write(folder / "gateway.toml", settings_toml(settings_, ledger()));
  return {};
}

void TestGateway::activate(const std::string& side, const std::string& chain_pem, const std::string& key) {
  const auto folder = settings_.folder / "identities" / side;
  const std::string generation = std::to_string(++generation_);
  std::filesystem::create_directories(folder / generation);
  write(folder / generation / "chain.pem", chain_pem);
  write(folder / generation / "key.uri", key + "\n");
  std::filesystem::remove(folder / "next");
  std::filesystem::create_symlink(generation, folder / "next");
  std::filesystem::rename(folder / "next", folder / "active");
}

Result<JsonObject> TestGateway::ask(const JsonObject& request) const {
  return ask_door(settings_.folder / "door", request, std::chrono::seconds(30));
}

Result<std::unique_ptr<TestGateway>> TestGateway::start(GatewaySettings settings) {
  std::unique_ptr<TestGateway> gateway(new TestGateway(std::move(settings)));
  if (auto written = gateway->write_files(); !written) return std::unexpected(written.error());
  if (auto launched = gateway->launch(); !launched) return std::unexpected(launched.error());
  return gateway;
}

Result<void> TestGateway::launch() {
  ::unlink((settings_.folder / "gateway.status").c_str());
  ProcessOptions options{.program = PRIVYSEAL_GATEWAYD,
                         .arguments = {(settings_.folder / "gateway.toml").string()},
                         .environment = settings_.environment,
                         .output = settings_.folder / "gateway.log"};
  options.environment.emplace_back("TSAN_OPTIONS=halt_on_error=1");  // or a race would be a line in a log
  if (::getuid() == 0) options.run_as = Identity{.uid = kGatewayUid, .gid = kGatewayUid};
  auto process = ChildProcess::start(options);
  if (!process) return std::unexpected(process.error());
  process_ = std::make_unique<ChildProcess>(std::move(*process));
  const bool settled = wait_until([this] { return read_status() || !process_->is_running(); }, kStartsWithin);
  if (!settled) return fail(ErrorCode::kTimeout, "gatewayd does not start: " + output());
  if (!process_->is_running()) return fail(ErrorCode::kInvalid, output());
  return {};
}

bool TestGateway::read_status() {
  const std::string status = content_of(settings_.folder / "gateway.status");
  lan_port_ = port_of(status, "lan");
  cjsm_port_ = port_of(status, "cjsm");
  lan_tls_port_ = port_of(status, "lan_tls");
  cjsm_tls_port_ = port_of(status, "cjsm_tls");
  return lan_port_ != 0 && cjsm_port_ != 0;
}

Result<int> TestGateway::stop() {
  process_->signal(SIGTERM);
  return process_->wait(kEndsWithin);
}

Result<void> TestGateway::restart(int signal) {
  process_->signal(signal);
  if (auto ended = process_->wait(kEndsWithin); !ended) return std::unexpected(ended.error());
  return launch();
}

std::vector<LedgerRow> TestGateway::rows(std::int64_t after) const {
  auto database = Database::open(ledger(), Database::Mode::kReadOnly);
  CHECK(database);
  auto query = database->prepare(
      "SELECT id, closed_at, direction, client_address, sender, recipients, size_bytes, session_id, "
      "tls_version,"
      " tls_group, tls_suite, peer_subject, peer_serial, resumed, hop, outcome, reply, signatures,"
      " lan_signatures, message_id, marking, verdict, connect_ms, record_ms, body_ms, verdict_ms"
      " FROM mail WHERE id > ?1 ORDER BY id");
  CHECK(query);
  query->bind(1, after);
  const auto number = [&](int column) { return query->is_null(column) ? -1 : query->number(column); };
  std::vector<LedgerRow> rows;
  for (auto more = query->step(); more && *more; more = query->step()) {
    rows.push_back({.id = query->number(0),
                    .closed_at = query->text(1),
                    .direction = query->text(2),
                    .client_address = query->text(3),
                    .sender = query->text(4),
                    .recipients = query->text(5),
                    .size_bytes = number(6),
                    .session_id = query->text(7),
                    .tls_version = query->text(8),
                    .tls_group = query->text(9),
                    .tls_suite = query->text(10),
                    .peer_subject = query->text(11),
                    .peer_serial = query->text(12),
                    .resumed = number(13),
                    .hop = query->text(14),
                    .outcome = query->text(15),
                    .reply = query->text(16),
                    .signatures = number(17),
                    .lan_signatures = number(18),
                    .message_id = query->text(19),
                    .marking = query->text(20),
                    .verdict = query->text(21),
                    .connect_ms = number(22),
                    .record_ms = number(23),
                    .body_ms = number(24),
                    .verdict_ms = number(25)});
  }
  return rows;
}

}  // namespace privyseal::test
