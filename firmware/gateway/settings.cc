#include "firmware/gateway/settings.h"

#include <boost/asio/ip/address.hpp>
#include <charconv>

#include "firmware/base/audit/checkpoint.h"
#include "firmware/smtp/address.h"

namespace privyseal::gateway {
namespace {

constexpr std::int64_t kMaxPort = 65535;

/// Collects the first error, so that the settings below read as a list.
class Reader {
 public:
  explicit Reader(Config config) : config_(std::move(config)) {}

  std::string text(std::string_view key) { return taken(config_.text(key)); }
  std::string text(std::string_view key, std::string_view fallback) {
    return taken(config_.text(key, fallback));
  }
  std::vector<std::string> texts(std::string_view key) { return taken(config_.texts(key)); }
  bool flag(std::string_view key, bool fallback) { return taken(config_.flag(key, fallback)); }

  template <class Number>
  Number number(std::string_view key, Number fallback, std::int64_t least, std::int64_t most) {
    return static_cast<Number>(taken(config_.number(key, static_cast<std::int64_t>(fallback), least, most)));
  }

  std::uint16_t port(std::string_view key) {
    if (!error_ && text_missing(key)) return 0;
    return number<std::uint16_t>(key, 0, 1, kMaxPort);
  }

  /// "192.0.2.1:25" or "[2001:db8::1]:25"; port 0 means any free one.
  HostPort listen(std::string_view key) {
    const std::string value = text(key);
    if (error_) return {};
    const auto colon = value.rfind(':');
    std::uint16_t port = 0;
    const char* end = value.data() + value.size();
    const bool parsed = colon != std::string::npos && std::from_chars(value.data() + colon + 1, end, port) ==
                                                          std::from_chars_result{end, {}};
    std::string host = parsed ? value.substr(0, colon) : "";
    if (host.size() > 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
    boost::system::error_code no_address;
    boost::asio::ip::make_address(host, no_address);
    if (no_address) refuse(key, "must be ADDRESS:PORT");
    return {.host = host, .port = port};
  }

  std::optional<DoorSettings> door() { return taken(read_door_settings(config_)); }

  void refuse(std::string_view key, std::string_view why) {
    if (!error_) error_ = Error{ErrorCode::kInvalid, "setting " + std::string(key) + ": " + std::string(why)};
  }

  Result<void> finish() {
    if (error_) return std::unexpected(*error_);
    return config_.unknown_keys();
  }

 private:
  template <class T>
  T taken(Result<T> value) {
    if (value) return std::move(*value);
    if (!error_) error_ = value.error();
    return T{};
  }

  bool text_missing(std::string_view key) {
    // A port has no sensible default; number() alone would give one silently.
    const auto value = config_.number(key, -1, -1, kMaxPort);
    if (value && *value == -1) refuse(key, "is missing");
    return value && *value == -1;
  }

  Config config_;
  std::optional<Error> error_;
};

SideSettings read_side(Reader& reader, const std::string& side, const std::string& hop) {
  SideSettings settings;
  settings.listen = reader.listen(side + ".listen");
  settings.identity = reader.text(side + ".identity");
  settings.trusted_roots = reader.text(side + ".ca");
  settings.clients = reader.texts(side + ".clients");
  settings.hop = {.host = reader.text(side + "." + hop + "_host"),
                  .port = reader.port(side + "." + hop + "_port")};
  settings.hop_name = reader.text(side + "." + hop + "_name");
  if (settings.clients.empty()) reader.refuse(side + ".clients", "must list who may connect");
  return settings;
}

bool is_loopback(const std::string& host) {
  boost::system::error_code no_address;
  const auto address = boost::asio::ip::make_address(host, no_address);
  return !no_address && address.is_loopback();
}

void require_loopback(Reader& reader, const SideSettings& side, const std::string& name) {
  if (!is_loopback(side.listen.host))
    reader.refuse(name + ".listen", "must be a loopback address in practice mode");
  if (!is_loopback(side.hop.host))
    reader.refuse(name, "the next hop must be a loopback address in practice mode");
}

}  // namespace

std::string HostPort::text() const {
  return (host.contains(':') ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

Result<Settings> read_settings(Config config) {
  Reader reader(std::move(config));
  Settings settings;
  settings.practice = reader.flag("practice", false);
  settings.hostname = reader.text("hostname");
  settings.domains = reader.texts("domains");
  settings.ledger = reader.text("ledger");
  settings.openssl_config = reader.text("openssl_config");
  settings.status = reader.text("status", "");
  settings.threads = reader.number("threads", settings.threads, 0, 64);
  Limits& limits = settings.limits;
  limits.max_message_bytes =
      reader.number("limits.max_message_bytes", limits.max_message_bytes, 65536, 1LL << 30);
  limits.max_recipients = reader.number("limits.max_recipients", limits.max_recipients, 1, 1000);
  limits.max_connections = reader.number("limits.max_connections", limits.max_connections, 1, 100000);
  settings.lan = read_side(reader, "lan", "server");
  settings.cjsm = read_side(reader, "cjsm", "relay");
  settings.cjsm.client_names = reader.texts("cjsm.client_names");
  settings.audit.origin = reader.text("audit.origin", settings.hostname + "/gatewayd");
  settings.audit.keyd_socket = reader.text("audit.keyd_socket", "");
  settings.audit.key = reader.text("audit.key", "audit");
  settings.door = reader.door();
  if (!smtp::is_domain(settings.hostname)) reader.refuse("hostname", "must be a host name");
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
