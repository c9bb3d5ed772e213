#include "web-admin/server/settings.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>

namespace privyseal::web {
namespace {

bool is_address(const std::string& text) {
  in6_addr ignored;
  return ::inet_pton(AF_INET, text.c_str(), &ignored) == 1 ||
         ::inet_pton(AF_INET6, text.c_str(), &ignored) == 1;
}

/// "192.0.2.1:8443" or "[2001:db8::1]:8443"; port 0 means any free one.
bool read_listen(const std::string& text, Settings& settings) {
  const auto colon = text.rfind(':');
  if (colon == std::string::npos) return false;
  const char* end = text.data() + text.size();
  if (std::from_chars(text.data() + colon + 1, end, settings.listen_port) != std::from_chars_result{end, {}})
    return false;
  std::string host = text.substr(0, colon);
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  settings.listen_host = host;
  return is_address(host);
}

/// A DNS name in lower case, with a port or without.
bool is_host(std::string_view host) {
  return !host.empty() && std::ranges::all_of(host, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == ':';
  });
}

bool belongs_to(std::string_view host, std::string_view domain) {
  const std::string_view name = host.substr(0, host.find(':'));
  return name == domain || name.ends_with("." + std::string(domain));
}

std::unexpected<Error> refuse(std::string_view key, std::string_view why) {
  return fail(ErrorCode::kInvalid, "setting " + std::string(key) + ": " + std::string(why));
}

/// Reads the plain texts of the table below; the first that is missing ends it.
Result<void> read_texts(Config& config, Settings& settings) {
  struct Text {
    const char* key;
    std::filesystem::path* path;
  };
  for (const Text& wanted :
       {Text{"identity", &settings.identity}, Text{"openssl_config", &settings.openssl_config},
        Text{"keyd", &settings.keyd}, Text{"state", &settings.state},
        Text{"doors.gateway", &settings.gateway_door}, Text{"doors.renewal", &settings.renewal_door}}) {
    auto text = config.text(wanted.key);
    if (!text) return std::unexpected(text.error());
    *wanted.path = std::move(*text);
  }
  auto status = config.text("status", "");
  if (!status) return std::unexpected(status.error());
  settings.status = std::move(*status);
  return {};
}

}  // namespace

Result<Settings> read_settings(Config config) {
  Settings settings;
  const auto listen = config.text("listen");
  if (!listen) return std::unexpected(listen.error());
  if (!read_listen(*listen, settings)) return refuse("listen", "must be ADDRESS:PORT");
  auto hosts = config.texts("hosts");
  auto rp_id = config.text("rp_id");
  auto hostname = config.text("hostname");
  const auto validated = config.flag("validated_token", false);
  if (!hosts) return std::unexpected(hosts.error());
  if (!rp_id) return std::unexpected(rp_id.error());
  if (!hostname) return std::unexpected(hostname.error());
  if (!validated) return std::unexpected(validated.error());
  if (hosts->empty()) return refuse("hosts", "must name at least one");
  if (is_address(*rp_id) || !is_host(*rp_id)) return refuse("rp_id", "must be a domain name");
  settings.party.id = *rp_id;
  for (const std::string& host : *hosts) {
    if (!is_host(host) || !belongs_to(host, *rp_id))
      return refuse("hosts", "each must be a name, in lower case, under rp_id");
    settings.party.origins.push_back("https://" + host);
  }
  settings.hosts = std::move(*hosts);
  settings.hostname = std::move(*hostname);
  settings.validated_token = *validated;
  if (auto read = read_texts(config, settings); !read) return std::unexpected(read.error());
  auto door = read_door_settings(config);
  if (!door) return std::unexpected(door.error());
  settings.door = std::move(*door);
  if (auto known = config.unknown_keys(); !known) return std::unexpected(known.error());
  return settings;
}

}  // namespace privyseal::web
