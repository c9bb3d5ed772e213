#include "ca/renewd/settings.h"

#include <algorithm>

#include "firmware/base/config_reader.h"

namespace privyseal::renewd {
namespace {

using ca::Issuer;

/// A name where it is not an address; a port to go to.
Result<HostPort> parse_server(std::string_view text) {
  auto server = parse_host_port(text);
  if (!server) return server;
  if (server->port == 0 || !(is_ip_address(server->host) || ca::is_dns_name(server->host)))
    return fail(ErrorCode::kInvalid, "must be HOST:PORT");
  return server;
}

std::optional<HostPort> read_server(ConfigReader& reader, const std::string& key) {
  const std::string value = reader.text(key, "");
  if (value.empty()) return std::nullopt;
  return reader.taken(key, parse_server(value));
}

/// One of the names, as what stands beside it.
template <class Value, std::size_t kCount>
Value read_one_of(ConfigReader& reader, const std::string& key, std::string_view fallback,
                  const std::pair<std::string_view, Value> (&names)[kCount]) {
  const std::string value = reader.text(key, fallback);
  for (const auto& [name, meaning] : names)
    if (name == value) return meaning;
  reader.refuse(key, "must be one of the names in settings.h");
  return names[0].second;
}

struct Kind {
  std::string_view name;
  hsm::KeyRole role;
  std::string_view profile;  ///< what our own authority would issue; empty: it issues none
};

constexpr Kind kKinds[] = {
    {.name = "cjsm", .role = hsm::KeyRole::kCjsmIdentity, .profile = ""},
    {.name = "lan", .role = hsm::KeyRole::kLanIdentity, .profile = "smtp-listener"},
    {.name = "console", .role = hsm::KeyRole::kConsoleIdentity, .profile = "web-admin"},
};

void check_subject(ConfigReader& reader, const std::string& section, const ca::CsrSubject& subject) {
  if (subject.dns_names.empty() || !std::ranges::all_of(subject.dns_names, ca::is_dns_name))
    reader.refuse(section + "dns_names", "must list host names");
}

void read_trial(ConfigReader& reader, const std::string& section, IdentitySettings& identity) {
  identity.live = read_server(reader, section + "live");
  if (!identity.is_client()) return;
  identity.probe = read_server(reader, section + "probe");
  identity.probe_name =
      reader.text(section + "probe_name", identity.probe ? identity.probe->host : std::string());
  identity.probe_tls = reader.taken(section + "probe_tls",
                                    smtp::parse_tls_start(reader.text(section + "probe_tls", "starttls")));
  identity.probe_hybrid = reader.flag(section + "probe_hybrid", true);
  identity.probe_roots = reader.text(section + "probe_roots", identity.roots.string());
  if (identity.probe && !ca::is_dns_name(identity.probe_name))
    reader.refuse(section + "probe_name", "must be the host name in the relay's certificate");
}

std::optional<IdentitySettings> read_identity(ConfigReader& reader, const Kind& kind,
                                              std::int64_t retry_seconds) {
  const std::string section = "identity." + std::string(kind.name) + ".";
  if (reader.text(section + "issuer", "").empty()) return std::nullopt;
  IdentitySettings identity{.name = std::string(kind.name), .role = kind.role};
  identity.rules.issuer =
      read_one_of<Issuer>(reader, section + "issuer", "",
                          {{"manual", Issuer::kManual}, {"est", Issuer::kEst}, {"local", Issuer::kLocal}});
  identity.rules.renew_before = std::chrono::days(reader.number<int>(section + "renew_days", 0, 0, 3650));
  identity.rules.overlap = std::chrono::hours(reader.number(section + "overlap_hours", 24, 0, 24L * 90));
  identity.rules.retry_first = std::chrono::seconds(retry_seconds);
  // Not ed25519: import_policy.h takes no certificate of one.
  identity.key_type = read_one_of<hsm::KeyType>(reader, section + "key_type", "p256",
                                                {{"p256", hsm::KeyType::kEcP256},
                                                 {"p384", hsm::KeyType::kEcP384},
                                                 {"rsa2048", hsm::KeyType::kRsa2048},
                                                 {"rsa3072", hsm::KeyType::kRsa3072},
                                                 {"rsa4096", hsm::KeyType::kRsa4096}});
  identity.subject = {.common_name = reader.text(section + "common_name"),
                      .organisation = reader.text(section + "organisation", ""),
                      .dns_names = reader.texts(section + "dns_names")};
  check_subject(reader, section, identity.subject);
  if (identity.rules.issuer == Issuer::kLocal)
    identity.profile = reader.text(section + "profile", kind.profile);
  else
    identity.roots = reader.text(section + "roots");
  read_trial(reader, section, identity);
  return identity;
}

EstSettings read_est(ConfigReader& reader) {
  EstSettings est{.server = reader.taken("est.url", parse_https_url(reader.text("est.url")))};
  est.server_name = reader.text("est.server_name", est.server.host);
  est.trusted_roots = reader.text("est.ca");
  est.user = reader.text("est.user", "");
  est.password_file = reader.text("est.password_file", "");
  if (est.user.empty() != est.password_file.empty())
    reader.refuse("est.user", "a user needs a password_file, and a password_file a user");
  if (est.user.contains(':')) reader.refuse("est.user", "must have no colon (RFC 7617)");
  return est;
}

IssuingSettings read_authority(ConfigReader& reader) {
  return {.key = reader.text("authority.key", "issuing-ca"),
          .common_name = reader.text("authority.common_name"),
          .organisation = reader.text("authority.organisation", ""),
          .domains = reader.texts("authority.domains")};
}

bool has_issuer(const Settings& settings, Issuer issuer) {
  return std::ranges::any_of(settings.identities,
                             [issuer](const auto& identity) { return identity.rules.issuer == issuer; });
}

}  // namespace

Result<HostPort> parse_https_url(std::string_view url) {
  constexpr std::string_view kScheme = "https://";
  if (!url.starts_with(kScheme)) return fail(ErrorCode::kInvalid, "must begin with https://");
  url.remove_prefix(kScheme.size());
  if (url.ends_with('/')) url.remove_suffix(1);
  const bool has_port = url.rfind(':') != std::string_view::npos && !url.ends_with(']');
  auto server = parse_server(has_port ? std::string(url) : std::string(url) + ":443");
  if (!server) return fail(ErrorCode::kInvalid, "must be https://HOST or https://HOST:PORT, without a path");
  return server;
}

Result<Settings> read_settings(Config config) {
  ConfigReader reader(std::move(config));
  Settings settings{.state = reader.text("state"),
                    .host = reader.text("host"),
                    .keyd_socket = reader.text("keyd_socket"),
                    .openssl_config = reader.text("openssl_config")};
  const auto retry_seconds = reader.number<std::int64_t>("retry_seconds", 60, 1, 3600);
  for (const Kind& kind : kKinds)
    if (auto identity = read_identity(reader, kind, retry_seconds))
      settings.identities.push_back(std::move(*identity));
  if (has_issuer(settings, Issuer::kEst) || !reader.text("est.url", "").empty())
    settings.est = read_est(reader);
  if (has_issuer(settings, Issuer::kLocal) || !reader.text("authority.common_name", "").empty())
    settings.authority = read_authority(reader);
  settings.door = reader.door();
  if (!ca::is_dns_name(settings.host)) reader.refuse("host", "must be a host name");
  for (const auto& identity : settings.identities)
    if (identity.rules.issuer == Issuer::kLocal && identity.profile.empty())
      reader.refuse("identity." + identity.name + ".profile", "is missing");
  if (settings.identities.empty()) reader.refuse("identity", "there is none");
  if (auto sound = reader.finish(); !sound) return std::unexpected(sound.error());
  return settings;
}

}  // namespace privyseal::renewd
