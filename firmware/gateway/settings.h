/// The gateway's settings file, read once at start. README.md of firmware/ shows one.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "firmware/base/config.h"
#include "firmware/base/door.h"
#include "firmware/base/host_port.h"
#include "firmware/base/result.h"
#include "firmware/gateway/pace.h"
#include "firmware/gateway/tls12_exception.h"
#include "firmware/policy/route.h"
#include "firmware/smtp/clear_exception.h"
#include "firmware/smtp/hop_place.h"

namespace privyseal::gateway {

/// One of the two sides: our listener there, our identity there, and the next hop there.
struct SideSettings {
  HostPort listen;
  std::optional<HostPort>
      listen_tls;                  ///< a second listener, where TLS comes before the first word (RFC 8314)
  std::filesystem::path identity;  ///< the folder of our certificates (base/active_identity.h)
  std::filesystem::path trusted_roots;
  std::vector<std::string> clients;       ///< networks that may connect
  std::vector<std::string> proxies;       ///< networks of proxies that tell us the client (LAN side only)
  std::vector<std::string> client_names;  ///< names a client's certificate may have (CJSM side only)
  bool hybrid = true;                     ///< key agreement with ML-KEM, by whoever knows it (tls/profile.h)
  bool normalize = false;            ///< a bare LF of these clients is taken for CRLF (smtp/line_repair.h)
  std::vector<smtp::HopPlace> hops;  ///< the one that is preferred first; never empty
  std::optional<Tls12Exception> tls12_exception;  ///< LAN side only
  std::vector<smtp::ClearException> clear;        ///< LAN side only
};

struct Limits {
  std::uint64_t max_message_bytes = 25 * 1024 * 1024;
  std::uint32_t max_recipients = 100;
  std::uint32_t max_connections = 1000;
  std::uint32_t max_connections_per_client = 500;
  std::uint32_t max_connections_per_hop = 1000;
  std::chrono::seconds session{3600};          ///< "session_seconds": of one sender; mails are finished
  std::uint32_t max_mails_per_session = 1000;  ///< announced as MAILMAX (RFC 9422)
  std::chrono::seconds find_hop{120};  ///< "hop_seconds": for all next hops together, until one takes a mail
  PaceTable pace;
};

/// The audit log's signatures. Without a socket none are made, which status says.
struct AuditSettings {
  std::string origin;                 ///< "<host>/gatewayd" unless given
  std::filesystem::path keyd_socket;  ///< may be empty
  std::string key;                    ///< "audit" unless given
};

enum class ScannerKind { kClamd, kIcap };

/// The organisation's malware scanner. What it is told is in clear, so that it must be on this machine: a
/// Unix socket, or an address of loopback.
///
///     [scanner]
///     language = "clamd"                    # INSTREAM; or "icap", RESPMOD
///     socket = "/run/clamav/clamd.ctl"      # or address = "127.0.0.1:3310"
///     service = "/avscan"                   # icap only, and required there
///     seconds = 60                          # for each write, and for the verdict
struct ScannerSettings {
  ScannerKind kind = ScannerKind::kClamd;
  std::filesystem::path socket;  ///< empty: `address`
  HostPort address;
  std::string service;
  std::chrono::seconds within{60};
};

struct Settings {
  bool practice = false;  ///< every address must be loopback, so that nothing can leave the machine
  std::string host;       ///< what we call ourselves in SMTP
  std::vector<std::string> domains;       ///< the organisation's own mail domains
  std::vector<policy::Mapping> mappings;  ///< ["york.cjsm.net = lawfirm.example"]
  std::filesystem::path policy;  ///< the organisation's folder (firmware/policy/README.md); may be empty
  std::filesystem::path ledger;
  std::filesystem::path openssl_config;
  std::filesystem::path status;  ///< where the listeners' addresses are written once open; may be empty
  std::filesystem::path
      firewall;               ///< what privyseal-firewall says (firewall_watch.h); empty: there is none here
  std::uint32_t threads = 0;  ///< 0: one per core
  Limits limits;
  SideSettings lan;
  SideSettings cjsm;
  std::string relay_user;                     ///< our log-in at the relay; empty: none
  std::filesystem::path relay_password_file;  ///< its first line
  AuditSettings audit;
  std::optional<ScannerSettings> scanner;  ///< none: mail is scanned at CJSM only
  std::optional<DoorSettings> door;
};

/// kInvalid: a setting is missing, malformed, unknown, or not loopback in practice mode.
[[nodiscard]] Result<Settings> read_settings(Config config);

}  // namespace privyseal::gateway
