#include "provisioning/box/settings_files.h"

#include <format>

#include "provisioning/box/daemon_settings.h"

namespace privyseal::provisioning {
namespace {

constexpr std::int64_t kSmtpPort = 25;

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

/// For privyseal-out@.service: the one place that a door in renewd's network leads to.
std::string way_out(const std::string& host, std::int64_t port) {
  return std::format("TO={}:{}\n", host.contains(':') ? "[" + host + "]" : host, port);
}

std::string resolver(const Site& site) {
  std::string text;
  for (const std::string& server : site.name_servers) text += std::format("nameserver {}\n", server);
  return text;
}

/// Empty: nobody may approve that a key is destroyed.
std::string approvers(const Site& site) {
  std::string text;
  for (const hsm::ApproverLine& approver : site.approvers) text += to_text(approver) + "\n";
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
  add("run/privyseal/out-relay.env", way_out(site.cjsm.hop.host, site.cjsm.hop.port));
  add("run/privyseal/out-lan.env", way_out(site.lan.own_address(), kSmtpPort));
  add("run/privyseal/out-cjsm.env", way_out(site.cjsm.own_address(), kSmtpPort));
  if (site.est) {
    add("run/privyseal/out-est.env", way_out(site.est->server.host, site.est->server.port));
    add("run/privyseal/est-roots.pem", site.est->roots);
    files.push_back({.path = "run/privyseal/est-password",
                     .text = site.est->password + "\n",
                     .mode = 0400,
                     .owner = "privyseal-renewd"});
  }
  add(std::string(hsm::kApproversFile.substr(1)), approvers(site));
  add("run/privyseal/keyd.toml", keyd_settings(site));
  add("run/privyseal/gatewayd.toml", gatewayd_settings(site));
  add("run/privyseal/policy/policy.toml", mail_policy(site));
  add("run/privyseal/renewd.toml", renewd_settings(site));
  add("run/privyseal/admind.toml", admind_settings(site));
  return files;
}

}  // namespace privyseal::provisioning
