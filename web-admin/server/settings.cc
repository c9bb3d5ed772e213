#include "web-admin/server/settings.h"

#include <algorithm>

#include "firmware/base/config_reader.h"
#include "provisioning/evidence/declarations.h"

namespace privyseal::web {
namespace {

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

void check_party(ConfigReader& reader, const std::string& rp_id, const std::vector<std::string>& hosts) {
  if (hosts.empty()) reader.refuse("hosts", "must name at least one");
  if (is_ip_address(rp_id) || !is_host(rp_id)) reader.refuse("rp_id", "must be a domain name");
  for (const std::string& host : hosts)
    if (!is_host(host) || !belongs_to(host, rp_id))
      reader.refuse("hosts", "must be names in lower case under rp_id");
}

}  // namespace

Result<Settings> read_settings(Config config) {
  ConfigReader reader(std::move(config));
  Settings settings{.listen = reader.listen("listen"),
                    .hosts = reader.texts("hosts"),
                    .host = reader.text("host"),
                    .party = {.id = reader.text("rp_id"), .origins = {}},
                    .identity = reader.text("identity"),
                    .openssl_config = reader.text("openssl_config"),
                    .keyd_socket = reader.text("keyd_socket"),
                    .state = reader.text("state"),
                    .status = reader.text("status", ""),
                    .authority = reader.text("authority", ""),
                    .approvers = reader.text("approvers", ""),
                    .declarations = reader.text("declarations", evidence::kDeclarationsFile),
                    .validated_token = reader.flag("validated_token", false),
                    .gateway_door = reader.text("doors.gateway"),
                    .renewal_door = reader.text("doors.renewal"),
                    .door = reader.door()};
  check_party(reader, settings.party.id, settings.hosts);
  for (const std::string& host : settings.hosts) settings.party.origins.push_back("https://" + host);
  if (auto sound = reader.finish(); !sound) return std::unexpected(sound.error());
  return settings;
}

}  // namespace privyseal::web
