/// A real privyseal-gatewayd with the settings a test wants, and a look into its ledger.
///
/// As root it runs as the user privyseal-gateway, as on the appliance; otherwise as the
/// user of the test. Its environment says no more than how sanitizers report: what it needs
/// stands in its settings.
///
/// Threads: one at a time.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "firmware/base/json.h"
#include "firmware/base/result.h"
#include "tests/support/process.h"
#include "tests/support/token.h"

namespace privyseal::test {

/// What stands in the settings file; the defaults are those of the tests.
struct GatewaySettings {
  std::filesystem::path
      folder;  ///< for settings, ledger, status, output; made and given to the gateway's user
  std::filesystem::path ledger_folder;  ///< empty: `folder`
  std::filesystem::path keyd_socket;

  struct Side {
    std::string listen = "127.0.0.1:0";
    std::string chain_pem;  ///< the certificate of the key
    std::string key;        ///< "keyd:NAME"
    std::string ca_pem;     ///< checks the next hop, and on the CJSM side the clients
    std::string clients = "\"127.0.0.0/8\"";
    std::string hop_host = "127.0.0.1";
    std::uint16_t hop_port = 0;
    std::string hop_name;
    std::string extra{};  ///< TOML lines
  };
  Side lan;
  Side cjsm;
  std::string client_name = "relay.cjsm.example";  ///< SAN that the relay's client certificate must have
  std::string audit_key = "audit";                 ///< signs checkpoints
  std::string caller = "console";                  ///< what the tests' user is at the door
  std::string extra;                               ///< TOML lines at the top
  std::uint64_t max_message_bytes = 26214400;
  std::string limits{};                    ///< further TOML lines of [limits]
  std::vector<std::string> environment{};  ///< "NAME=value"
};

/// One row of the table `mail`; NULL is an empty text or -1.
struct LedgerRow {
  std::int64_t id;
  std::string closed_at;
  std::string direction;
  std::string client_address;
  std::string sender;
  std::string recipients;
  std::int64_t size_bytes;
  std::string session_id;
  std::string tls_version;
  std::string tls_group;
  std::string tls_suite;
  std::string peer_subject;
  std::string peer_serial;
  std::int64_t resumed;
  std::string hop;
  std::string outcome;
  std::string reply;
  std::int64_t signatures;  ///< of ours towards CJSM, and below towards the organisation
  std::int64_t lan_signatures;
  std::string message_id;
  std::string marking;
  std::string verdict;
  std::int64_t connect_ms;  ///< -1: it did not come so far
  std::int64_t record_ms;
  std::int64_t body_ms;
  std::int64_t verdict_ms;
};

class TestGateway {
 public:
  /// Writes the settings and starts the gateway; returns when both listeners are open.
  /// kInvalid: it ended instead; the message is its output.
  [[nodiscard]] static Result<std::unique_ptr<TestGateway>> start(GatewaySettings settings);

  [[nodiscard]] std::uint16_t lan_port() const { return lan_port_; }
  [[nodiscard]] std::uint16_t cjsm_port() const { return cjsm_port_; }
  /// Of the listeners where TLS comes first; 0: not there.
  [[nodiscard]] std::uint16_t lan_tls_port() const { return lan_tls_port_; }
  [[nodiscard]] std::uint16_t cjsm_tls_port() const { return cjsm_tls_port_; }
  [[nodiscard]] ChildProcess& process() { return *process_; }
  [[nodiscard]] std::filesystem::path ledger() const;
  /// What it wrote to stdout and stderr so far.
  [[nodiscard]] std::string output() const;

  /// All rows, or those after row `after`, in their order.
  [[nodiscard]] std::vector<LedgerRow> rows(std::int64_t after = 0) const;

  /// Puts a further generation into the folder of "lan" or "cjsm" and makes it the active one by one rename.
  void activate(const std::string& side, const std::string& chain_pem, const std::string& key);
  /// One request at its door, where the user of the test is the console.
  [[nodiscard]] Result<JsonObject> ask(const JsonObject& request) const;

  /// SIGTERM; its exit status, which is 0 unless a sanitizer or the gateway itself has something to say.
  [[nodiscard]] Result<int> stop();
  /// Ends it with `signal` and starts it again, on other ports.
  [[nodiscard]] Result<void> restart(int signal);

 private:
  explicit TestGateway(GatewaySettings settings) : settings_(std::move(settings)) {}
  [[nodiscard]] Result<void> write_files();
  [[nodiscard]] Result<void> launch();
  [[nodiscard]] bool read_status();

  GatewaySettings settings_;
  std::unique_ptr<ChildProcess> process_;
  std::uint16_t lan_port_ = 0;
  std::uint16_t cjsm_port_ = 0;
  std::uint16_t lan_tls_port_ = 0;
  std::uint16_t cjsm_tls_port_ = 0;
  int generation_ = 0;
};

}  // namespace privyseal::test
