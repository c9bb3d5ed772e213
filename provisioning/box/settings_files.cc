#include "provisioning/box/settings_files.h"

#include <format>

namespace privyseal::provisioning {
namespace {

constexpr std::string_view kIdentities = "/var/lib/privyseal-renewd/identities";

/// ["a", "b"]: every value of a site is of letters, digits and marks that TOML takes as they are.
std::string toml_list(const std::vector<std::string>& values) {
  std::string text;
  for (const std::string& value : values) text += std::format("{}\"{}\"", text.empty() ? "" : ", ", value);
  return "[" + text + "]";
}

std::string listen_address(const Side& side) {
  const std::string address = side.own_address();
  return address.contains(':') ? std::format("[{}]:25", address) : address + ":25";
}

std::string gateway_side(const Side& side, const std::string& name, const std::string& hop) {
  return std::format(
      "[{0}]\nlisten = \"{1}\"\nidentity = \"{2}/{0}\"\nca = \"/run/privyseal/{0}-roots.pem\"\nclients = "
      "{3}\n"
      "{4}_host = \"{5}\"\n{4}_port = {6}\n{4}_name = \"{7}\"\n",
      name, listen_address(side), kIdentities, toml_list(side.clients), hop, side.hop.host, side.hop.port,
      side.hop.name);
}

std::string gateway_settings(const Site& site) {
  return std::format(
      "hostname = \"{}\"\ndomains = {}\nledger = \"/var/lib/privyseal-gateway/ledger.db\"\n"
      "openssl_config = \"/etc/privyseal/openssl.cnf\"\nstatus = \"/run/privyseal-gateway/status\"\n\n{}\n{}"
      "client_names = {}\n",
      site.hostname, toml_list(site.domains), gateway_side(site.lan, "lan", "server"),
      gateway_side(site.cjsm, "cjsm", "relay"), toml_list(site.relay_client_names));
}

std::string network(const Side& side, const std::string& default_route) {
  return std::format(
      "[Match]\nName={}\n[Network]\nAddress={}\n{}LinkLocalAddressing=no\nIPv6AcceptRA=no\nLLMNR=no\n",
      side.interface, side.address, default_route.empty() ? "" : std::format("Gateway={}\n", default_route));
}

std::string firewall(const Site& site) {
  return std::format(
      "add element inet privyseal lan {{ \"{}\" }}\nadd element inet privyseal cjsm {{ \"{}\" }}\n",
      site.lan.interface, site.cjsm.interface);
}

std::string resolver(const Site& site) {
  std::string text;
  for (const std::string& server : site.name_servers) text += std::format("nameserver {}\n", server);
  return text;
}

}  // namespace

std::vector<SettingsFile> settings_files(const Site& site) {
  std::vector<SettingsFile> files;
  const auto add = [&](std::string path, std::string text) {
    files.push_back({.path = std::move(path), .text = std::move(text), .owner = ""});
  };
  add("run/systemd/network/10-lan.network", network(site.lan, ""));
  add("run/systemd/network/20-cjsm.network", network(site.cjsm, site.default_route));
  add("run/privyseal/resolv.conf", resolver(site));
  add("run/privyseal/interfaces.nft", firewall(site));
  add("run/privyseal/lan-roots.pem", site.lan.roots);
  add("run/privyseal/cjsm-roots.pem", site.cjsm.roots);
  add("run/privyseal/gatewayd.toml", gateway_settings(site));
  return files;
}

}  // namespace privyseal::provisioning
