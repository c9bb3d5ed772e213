#include "provisioning/box/daemon_settings.h"

#include <format>

#include "firmware/base/utc_time.h"
#include "hsm/approvers.h"

namespace privyseal::provisioning {
namespace {

constexpr std::string_view kIdentities = "/var/lib/privyseal-renewd/identities";
constexpr std::string_view kKeydSocket = "/run/privyseal-keyd/socket";
constexpr std::string_view kOpensslConfig = "/etc/privyseal/openssl.cnf";

/// ["a", "b"]: every value of a site is of letters, digits and marks that TOML takes as they are.
std::string toml_list(const std::vector<std::string>& values) {
  std::string text;
  for (const std::string& value : values) text += std::format("{}\"{}\"", text.empty() ? "" : ", ", value);
  return "[" + text + "]";
}

/// Whoever may walk to a door may knock: the daemon asks the kernel who it is and looks into its table.
std::string door(std::string_view daemon) {
  return std::format(
      "\n[door]\npath = \"/run/privyseal-{}/door\"\nmode = \"0666\"\n[door.callers]\n"
      "console = [\"privyseal-console\"]\nprovisioning = [\"root\", \"privyseal-admin\"]\n",
      daemon);
}

std::string listen_address(const Side& side) {
  const std::string address = side.own_address();
  return address.contains(':') ? std::format("[{}]:25", address) : address + ":25";
}

/// The peer's networks, and the box itself: renewd looks at the certificate that is really served.
std::vector<std::string> clients(const Side& side) {
  std::vector<std::string> networks = side.clients;
  networks.push_back(side.own_address() + (side.own_address().contains(':') ? "/128" : "/32"));
  return networks;
}

std::string old_peers(const Site& site) {
  if (!site.old_peers) return "";
  return std::format(
      "\n[lan.tls12_exception]\nreason = \"{}\"\nuntil = \"{:%F}\"\nclients = {}\nservers = {}\n",
      site.old_peers->reason, site.old_peers->until, toml_list(site.old_peers->clients),
      toml_list(site.old_peers->servers));
}

std::string clear(const Site& site) {
  std::string text;
  for (const smtp::ClearException& exception : site.clear)
    text +=
        std::format("\n[[lan.clear]]\nhost = \"{}\"\nreason = \"{}\"\nauthoriser = \"{}\"\nuntil = \"{}\"\n",
                    exception.host, exception.reason, exception.authoriser, utc_text(exception.until));
  return text;
}

/// keyd signs as a server for old clients; towards old servers nothing of ours is signed.
std::string old_clients(const Site& site) {
  if (!site.old_peers || site.old_peers->clients.empty()) return "";
  return std::format("\n[tls12_exception]\nreason = \"{}\"\nroles = [\"lan-identity\"]\nuntil = \"{:%F}\"\n",
                     site.old_peers->reason, site.old_peers->until);
}

bool is_implicit(const Side& side) { return side.hop_tls_start == smtp::TlsStart::kImplicit; }

/// Only what differs from the gateway's own choice.
std::string further(const Side& side, const std::string& hop) {
  std::string text = is_implicit(side) ? hop + "_tls = \"implicit\"\n" : "";
  if (!side.hybrid) text += "hybrid = false\n";
  std::vector<std::string> lines;
  for (const smtp::HopPlace& further_hop : side.further_hops) lines.push_back(further_hop.line());
  if (!lines.empty()) text += "further_" + hop + "s = " + toml_list(lines) + "\n";
  return text;
}

std::string gateway_side(const Side& side, const std::string& name, const std::string& hop) {
  return std::format(
             "\n[{0}]\nlisten = \"{1}\"\nidentity = \"{2}/{0}\"\nca = "
             "\"/run/privyseal/{0}-roots.pem\"\nclients = "
             "{3}\n"
             "{4}_host = \"{5}\"\n{4}_port = {6}\n{4}_name = \"{7}\"\n",
             name, listen_address(side), kIdentities, toml_list(clients(side)), hop, side.hop.host,
             side.hop.port, side.hop.name) +
         further(side, hop);
}

std::string est(const Site& site) {
  if (!site.est) return "";
  return std::format(
      "\n[est]\nurl = \"https://127.0.0.1:8085\"   # a door in renewd's own network\nserver_name = \"{}\"\n"
      "ca = \"/run/privyseal/est-roots.pem\"\nuser = \"{}\"\npassword_file = "
      "\"/run/privyseal/est-password\"\n",
      site.est->server.name, site.est->user);
}

}  // namespace

std::string keyd_settings(const Site& site) {
  return std::format("state = \"/var/lib/privyseal-keyd\"\n\n[socket]\npath = \"{}\"\nmode = \"0666\"\n\n",
                     kKeydSocket) +
         std::format(
             "[pkcs11]   # the `lab` variant: a SoftHSM token on the state partition\n"
             "module = \"/usr/lib/softhsm/libsofthsm2.so\"\ntoken = \"privyseal\"\n"
             "pin_file = \"/var/lib/privyseal-keyd/pin\"\nsofthsm_conf = "
             "\"/var/lib/privyseal-keyd/softhsm2.conf\"\n\n"
             "[callers]\ngateway = [\"privyseal-gateway\"]\nprovisioning = [\"root\", \"privyseal-admin\"]\n"
             "renewal = [\"privyseal-renewd\"]\nconsole = [\"privyseal-console\"]\n\n[audit]\nhost = "
             "\"{0}\"\n\n[approvals]   # by those whom the provisioning file lists\n"
             "site = \"{1}\"\norigins = [\"https://{1}:8443\", \"https://{1}\"]\napprovers = \"{2}\"\n",
             site.hostname, site.console_hostname, hsm::kApproversFile) +
         old_clients(site);
}

std::string gatewayd_settings(const Site& site) {
  return std::format(
             "host = \"{}\"\ndomains = {}\npolicy = \"/run/privyseal/policy\"\n"
             "firewall = \"/run/privyseal-firewall/state\"   # privyseal-firewall writes it\n"
             "ledger = \"/var/lib/privyseal-gateway/ledger.db\"\nopenssl_config = \"{}\"\nstatus = "
             "\"/run/privyseal-gateway/status\"\n\n"
             "[audit]\nkeyd_socket = \"{}\"\n",
             site.hostname, toml_list(site.domains), kOpensslConfig, kKeydSocket) +
         door("gateway") + gateway_side(site.lan, "lan", "server") + old_peers(site) + clear(site) +
         gateway_side(site.cjsm, "cjsm", "relay") +
         std::format("client_names = {}\n", toml_list(site.relay_client_names));
}

std::string mail_policy(const Site& site) {
  return std::format(R"(# The rules that mail is judged by: firmware/policy/README.md tells of all of them.
terms = "v10.2"

[contacts]   # who is named to a sender whose mail is refused
administrator = "the CJSM gateway administrator of {}"

[rules]   # off, warn or enforce
automated = "enforce"
bulk = "enforce"
auto_forward = "enforce"
shared_service = "enforce"
handling = "warn"
registered_sender = "off"   # these three need a register: commitments.csv,
assured = "off"             # assured.csv,
retired_recipient = "off"   # directory.csv

[limits]
sender_per_hour = 200
organisation_per_hour = 2000
blind_recipients = 20
)",
                     site.domains.front());
}

std::string renewd_settings(const Site& site) {
  return std::format(
             "state = \"/var/lib/privyseal-renewd\"\nhost = \"{0}\"\nkeyd_socket = \"{1}\"\n"
             "openssl_config = \"{2}\"\n\n"
             "[identity.cjsm]\nissuer = \"{3}\"\ncommon_name = \"{0}\"\norganisation = \"{4}\"\ndns_names = "
             "[\"{0}\"]\n"
             "roots = \"/run/privyseal/cjsm-roots.pem\"\nprobe = \"127.0.0.1:2500\"\nprobe_name = "
             "\"{5}\"\n{8}"
             "live = \"127.0.0.1:2502\"\n\n"
             "[identity.lan]\nissuer = \"local\"\ncommon_name = \"{0}\"\norganisation = \"{4}\"\ndns_names = "
             "[\"{0}\"]\n"
             "live = \"127.0.0.1:2501\"\n\n"
             "[identity.console]\nissuer = \"local\"\ncommon_name = \"{6}\"\norganisation = \"{4}\"\n"
             "dns_names = [\"{6}\"]\n\n"
             "[authority]\ncommon_name = \"{4} appliance CA\"\norganisation = \"{4}\"\ndomains = {7}\n",
             site.hostname, kKeydSocket, kOpensslConfig, site.est ? "est" : "manual", site.organisation,
             site.cjsm.hop.name, site.console_hostname, toml_list(site.domains),
             std::string(is_implicit(site.cjsm) ? "probe_tls = \"implicit\"\n" : "") +
                 (site.cjsm.hybrid ? "" : "probe_hybrid = false\n")) +
         est(site) + door("renewd");
}

std::string admind_settings(const Site& site) {
  return std::format(
             "listen = \"{0}:8443\"   # systemd opens it\nhosts = [\"{1}:8443\", \"{1}\"]\nrp_id = \"{1}\"\n"
             "host = \"{2}\"\nidentity = \"{3}/console\"\nopenssl_config = \"{4}\"\nkeyd_socket = \"{5}\"\n"
             "state = \"/var/lib/privyseal-console\"\nauthority = "
             "\"/var/lib/privyseal-renewd/authority\"\napprovers = \"{6}\"\n\n[doors]\ngateway = "
             "\"/run/privyseal-gateway/door\"\n"
             "renewal = \"/run/privyseal-renewd/door\"\n",
             site.lan.own_address(), site.console_hostname, site.hostname, kIdentities, kOpensslConfig,
             kKeydSocket, hsm::kApproversFile) +
         door("console");
}

}  // namespace privyseal::provisioning
