#include "firmware/gateway/settings.h"

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <format>

#include "firmware/base/audit/checkpoint.h"
#include "firmware/base/config_reader.h"
#include "firmware/base/words.h"
#include "firmware/smtp/address.h"

namespace privyseal::gateway {
namespace {

constexpr std::size_t kMostService = 200;
constexpr std::size_t kMostSocket = 107;  // sun_path without its NUL

void read_pace(ConfigReader& reader, const std::string& prefix, Pace& pace) {
  const auto seconds = [&](const std::string& key, std::chrono::seconds usual) {
    return std::chrono::seconds(reader.number(prefix + key, usual.count(), 1, 3600));
  };
  pace.command = seconds("command_seconds", pace.command);
  pace.body_block = seconds("body_seconds", pace.body_block);
  pace.min_body_bytes_per_second =
      reader.number(prefix + "min_bytes_per_second", pace.min_body_bytes_per_second, 1, 1LL << 30);
}

/// HOP_host, HOP_port, HOP_name and perhaps HOP_tls, and further_HOPs behind it.
std::vector<smtp::HopPlace> read_hops(ConfigReader& reader, const std::string& side, const std::string& hop) {
  std::vector<smtp::HopPlace> hops{{.address = {.host = reader.text(side + "." + hop + "_host"),
                                                .port = reader.port(side + "." + hop + "_port")},
                                    .name = reader.text(side + "." + hop + "_name")}};
  const std::string tls = side + "." + hop + "_tls";
  if (reader.has(tls)) hops.front().tls_start = reader.taken(tls, smtp::parse_tls_start(reader.text(tls)));
  const std::string further = side + ".further_" + hop + "s";
  if (!reader.has(further)) return hops;
  const auto lines = reader.texts(further);
  if (lines.size() > smtp::kMostFurtherHops)
    reader.refuse(further, std::format("must not be more than {}", smtp::kMostFurtherHops));
  for (const std::string& line : lines) hops.push_back(reader.taken(further, smtp::parse_hop_place(line)));
  return hops;
}

Tls12Exception read_tls12_exception(ConfigReader& reader, const std::vector<smtp::HopPlace>& hops) {
  constexpr std::size_t kMostReasonBytes = 200;
  const std::string key = "lan.tls12_exception";
  Tls12Exception exception{.reason = reader.text(key + ".reason"),
                           .until = reader.day(key + ".until"),
                           .clients = {},
                           .servers = {}};
  if (exception.reason.empty() || exception.reason.size() > kMostReasonBytes)
    reader.refuse(key + ".reason", "must say for whom it is, in 1 to 200 bytes");
  if (reader.has(key + ".clients")) exception.clients = reader.texts(key + ".clients");
  if (reader.has(key + ".servers")) exception.servers = reader.texts(key + ".servers");
  for (const std::string& server : exception.servers)
    if (std::ranges::find(hops, server, &smtp::HopPlace::name) == hops.end())
      reader.refuse(key + ".servers", "names none of the next hops: " + server);
  if (exception.clients.empty() && exception.servers.empty())
    reader.refuse(key, "must name clients or servers");
  return exception;
}

SideSettings read_side(ConfigReader& reader, const std::string& side, const std::string& hop) {
  SideSettings settings;
  settings.listen = reader.listen(side + ".listen");
  if (reader.has(side + ".listen_tls")) settings.listen_tls = reader.listen(side + ".listen_tls");
  settings.identity = reader.text(side + ".identity");
  settings.trusted_roots = reader.text(side + ".ca");
  settings.clients = reader.texts(side + ".clients");
  settings.hybrid = reader.flag(side + ".hybrid", true);
  settings.normalize = reader.flag(side + ".normalize", false);
  settings.hops = read_hops(reader, side, hop);
  if (settings.clients.empty()) reader.refuse(side + ".clients", "must list who may connect");
  return settings;
}

/// "CJSM DOMAIN = OWN DOMAIN"; what they must be is Route's business.
std::vector<policy::Mapping> read_mappings(ConfigReader& reader) {
  std::vector<policy::Mapping> mappings;
  for (const std::string& line : reader.texts("mappings")) {
    const auto sides = parts_of(line, '=');
    if (sides.size() == 2)
      mappings.push_back({.cjsm_domain = sides[0], .own_domain = sides[1]});
    else
      reader.refuse("mappings", "must list pairs such as \"york.cjsm.net = lawfirm.example\"");
  }
  return mappings;
}

bool is_loopback(const std::string& host) {
  boost::system::error_code no_address;
  const auto address = boost::asio::ip::make_address(host, no_address);
  return !no_address && address.is_loopback();
}

/// Behind icap://HOST in a request line.
bool is_service(const std::string& path) {
  return path.starts_with('/') && path.size() <= kMostService &&
         std::ranges::all_of(path, [](char c) { return c > ' ' && c <= '~'; });
}

std::optional<ScannerSettings> read_scanner(ConfigReader& reader) {
  if (!reader.has("scanner.language")) return std::nullopt;
  ScannerSettings scanner;
  const std::string language = reader.text("scanner.language");
  if (language != "clamd" && language != "icap") reader.refuse("scanner.language", "must be clamd or icap");
  scanner.kind = language == "icap" ? ScannerKind::kIcap : ScannerKind::kClamd;
  scanner.socket = reader.text("scanner.socket", "");
  if (scanner.socket.empty()) {
    scanner.address = reader.listen("scanner.address");
    if (!is_loopback(scanner.address.host) || scanner.address.port == 0)
      reader.refuse("scanner.address", "must be a port of loopback: the scanner hears mail in clear");
  } else if (scanner.socket.is_relative() || scanner.socket.native().size() > kMostSocket) {
    reader.refuse("scanner.socket", "must be a short absolute path");
  }
  if (scanner.kind == ScannerKind::kIcap) {
    if (!scanner.socket.empty()) scanner.address.host = "localhost";
    scanner.service = reader.text("scanner.service");
    if (!is_service(scanner.service)) reader.refuse("scanner.service", "must be a path such as /avscan");
  }
  scanner.within = std::chrono::seconds(reader.number("scanner.seconds", scanner.within.count(), 1, 300));
  return scanner;
}

void require_loopback(ConfigReader& reader, const SideSettings& side, const std::string& name) {
  if (!is_loopback(side.listen.host))
    reader.refuse(name + ".listen", "must be a loopback address in practice mode");
  if (side.listen_tls && !is_loopback(side.listen_tls->host))
    reader.refuse(name + ".listen_tls", "must be a loopback address in practice mode");
  for (const smtp::HopPlace& hop : side.hops)
    if (!is_loopback(hop.address.host))
      reader.refuse(name, "the next hop must be a loopback address in practice mode");
}

}  // namespace

Result<Settings> read_settings(Config config) {
  ConfigReader reader(std::move(config));
  Settings settings;
  settings.practice = reader.flag("practice", false);
  settings.host = reader.text("host");
  settings.domains = reader.texts("domains");
  settings.mappings = read_mappings(reader);
  settings.policy = reader.text("policy", "");
  settings.ledger = reader.text("ledger");
  settings.openssl_config = reader.text("openssl_config");
  settings.status = reader.text("status", "");
  settings.firewall = reader.text("firewall", "");
  if (!settings.firewall.empty() && settings.firewall.is_relative())
    reader.refuse("firewall", "must be an absolute path");
  settings.threads = reader.number("threads", settings.threads, 0, 64);
  Limits& limits = settings.limits;
  limits.max_message_bytes =
      reader.number("limits.max_message_bytes", limits.max_message_bytes, 65536, 1LL << 30);
  limits.max_recipients = reader.number("limits.max_recipients", limits.max_recipients, 1, 1000);
  limits.max_connections = reader.number("limits.max_connections", limits.max_connections, 1, 100000);
  limits.max_connections_per_client =
      reader.number("limits.max_connections_per_client", limits.max_connections_per_client, 1, 100000);
  limits.max_connections_per_hop =
      reader.number("limits.max_connections_per_hop", limits.max_connections_per_hop, 1, 100000);
  limits.session =
      std::chrono::seconds(reader.number("limits.session_seconds", limits.session.count(), 1, 86400));
  limits.max_mails_per_session =
      reader.number("limits.max_mails_per_session", limits.max_mails_per_session, 1, 100000);
  limits.find_hop =
      std::chrono::seconds(reader.number("limits.hop_seconds", limits.find_hop.count(), 1, 240));
  read_pace(reader, "limits.", limits.pace.usual);
  read_pace(reader, "limits.stress_", limits.pace.stress);
  settings.lan = read_side(reader, "lan", "server");
  if (reader.has("lan.proxies")) settings.lan.proxies = reader.texts("lan.proxies");
  settings.cjsm = read_side(reader, "cjsm", "relay");
  if (reader.has("lan.tls12_exception"))
    settings.lan.tls12_exception = read_tls12_exception(reader, settings.lan.hops);
  if (reader.has("cjsm.tls12_exception"))
    reader.refuse("cjsm.tls12_exception",
                  "cannot be: towards CJSM we show a certificate, and keyd signs no client's TLS 1.2");
  settings.lan.clear = smtp::read_clear_exceptions(reader, "lan.clear");
  if (reader.has("cjsm.clear"))
    reader.refuse("cjsm.clear", "cannot be: nothing passes in clear between CJSM and us");
  settings.cjsm.client_names = reader.texts("cjsm.client_names");
  settings.relay_user = reader.text("cjsm.relay_user", "");
  settings.relay_password_file = reader.text("cjsm.relay_password_file", "");
  if (settings.relay_user.empty() != settings.relay_password_file.empty())
    reader.refuse("cjsm.relay_user", "and cjsm.relay_password_file stand together or not at all");
  settings.audit.origin = reader.text("audit.origin", settings.host + "/gatewayd");
  settings.audit.keyd_socket = reader.text("audit.keyd_socket", "");
  settings.audit.key = reader.text("audit.key", "audit");
  settings.scanner = read_scanner(reader);
  settings.door = reader.door();
  if (!smtp::is_domain(settings.host)) reader.refuse("host", "must be a host name");
  if (!audit::is_origin(settings.audit.origin)) reader.refuse("audit.origin", "must be HOST/gatewayd");
  if (settings.domains.empty()) reader.refuse("domains", "must list the organisation's own mail domains");
  if (settings.cjsm.client_names.empty())
    reader.refuse("cjsm.client_names", "must name the relay's certificate");
  if (settings.practice) {
    require_loopback(reader, settings.lan, "lan");
    require_loopback(reader, settings.cjsm, "cjsm");
  }
  if (auto sound = reader.finish(); !sound) return std::unexpected(sound.error());
  return settings;
}

}  // namespace privyseal::gateway
