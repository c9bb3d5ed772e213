#include "provisioning/box/site.h"

#include <algorithm>
#include <format>

#include "firmware/base/config_reader.h"
#include "firmware/base/host_port.h"
#include "firmware/base/number.h"

namespace privyseal::provisioning {
namespace {

constexpr std::string_view kLower = "abcdefghijklmnopqrstuvwxyz0123456789";
constexpr std::size_t kMostNameBytes = 253;
constexpr std::string_view kSerial = "serial";
constexpr std::int64_t kMostSerial = 999'999'999'999;  // a date and a time fit

bool is_of(std::string_view text, std::string_view further) {
  return std::ranges::all_of(text, [&](char c) {
    const char lower = static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
    return kLower.contains(lower) || further.contains(c);
  });
}

bool is_name(std::string_view text) {
  return !text.empty() && text.size() <= kMostNameBytes && is_of(text, ".-") && !text.contains("..") &&
         kLower.contains(text.front()) && kLower.contains(text.back());
}

bool is_network(const std::string& text) {
  const auto slash = text.find('/');
  if (slash == std::string::npos || !is_ip_address(text.substr(0, slash))) return false;
  const auto bits = parse_number(std::string_view(text).substr(slash + 1));
  return bits && *bits <= (text.contains(':') ? 128 : 32);
}

bool is_interface(std::string_view text) {
  constexpr std::size_t kMostBytes = 15;  // IFNAMSIZ
  return !text.empty() && text.size() <= kMostBytes &&
         std::ranges::all_of(text, [](char c) { return kLower.contains(c); });
}

bool is_pem(std::string_view text) {
  return text.starts_with("-----BEGIN CERTIFICATE-----\n") && text.contains("-----END CERTIFICATE-----") &&
         is_of(text, "+/=- \n");
}

/// What stands in a certificate's subject, and needs no quoting in TOML.
bool is_title(std::string_view text) { return !text.empty() && text.size() <= 64 && is_of(text, " .,&'()-"); }

bool is_word(std::string_view text) { return !text.empty() && text.size() <= 200 && is_of(text, "._-+=@"); }

/// Values whose form the box relies on.
class Reader {
 public:
  explicit Reader(Config config) : config_(std::move(config)) {}

  std::string text(const std::string& key) { return config_.text(key); }
  std::vector<std::string> texts(const std::string& key) { return config_.texts(key); }
  template <class Rule>
  std::string text(const std::string& key, Rule is_right, std::string_view form) {
    std::string value = config_.text(key);
    if (!is_right(value)) config_.refuse(key, form);
    return value;
  }
  template <class Rule>
  std::vector<std::string> texts(const std::string& key, Rule is_right, std::string_view form) {
    std::vector<std::string> values = config_.texts(key);
    if (!std::ranges::all_of(values, is_right)) config_.refuse(key, form);
    return values;
  }
  Day day(const std::string& key) { return config_.day(key); }
  std::vector<smtp::ClearException> clear_exceptions(const std::string& key) {
    return smtp::read_clear_exceptions(config_, key);
  }
  template <class T>
  T taken(const std::string& key, Result<T> value) {
    return config_.taken(key, std::move(value));
  }
  std::int64_t port(const std::string& key) { return config_.port(key); }
  std::int64_t serial() { return config_.number<std::int64_t>(kSerial, 0, 0, kMostSerial); }
  bool flag(const std::string& key, bool fallback) { return config_.flag(key, fallback); }
  bool has(const std::string& key) { return config_.has(key); }
  void refuse(const std::string& key, std::string_view why) { config_.refuse(key, why); }
  [[nodiscard]] Result<void> finish() const { return config_.finish(); }

 private:
  ConfigReader config_;
};

bool is_host(const std::string& text) { return is_ip_address(text) || is_name(text); }

Side read_required(Reader& reader, const std::string& side, const std::string& hop) {
  return {.interface = reader.text(side + ".interface", is_interface, "must be an interface's name"),
          .address = reader.text(side + ".address", is_network, "must be ADDRESS/BITS"),
          .clients = reader.texts(side + ".clients", is_network, "must list networks, ADDRESS/BITS"),
          .roots = reader.text(side + ".roots", is_pem, "must be certificates in PEM"),
          .hop = {.host = reader.text(side + "." + hop + "_host", is_host, "must be an address or a name"),
                  .port = reader.port(side + "." + hop + "_port"),
                  .name = reader.text(side + "." + hop + "_name", is_name, "must be a host name")}};
}

std::vector<smtp::HopPlace> read_further_hops(Reader& reader, const std::string& key) {
  std::vector<smtp::HopPlace> hops;
  if (!reader.has(key)) return hops;
  for (const std::string& line : reader.texts(key)) {
    hops.push_back(reader.taken(key, smtp::parse_hop_place(line)));
    if (!is_host(hops.back().address.host) || !is_name(hops.back().name))
      reader.refuse(key, "must list HOST:PORT = NAME, and = implicit");
  }
  if (hops.size() > smtp::kMostFurtherHops)
    reader.refuse(key, std::format("must not be more than {}", smtp::kMostFurtherHops));
  return hops;
}

Side read_side(Reader& reader, const std::string& side, const std::string& hop) {
  Side read = read_required(reader, side, hop);
  const std::string tls = side + "." + hop + "_tls";
  if (reader.has(tls)) read.hop_tls_start = reader.taken(tls, smtp::parse_tls_start(reader.text(tls)));
  read.hybrid = reader.flag(side + ".hybrid", true);
  read.further_hops = read_further_hops(reader, side + ".further_" + hop + "s");
  return read;
}

EnrolmentServer read_est(Reader& reader) {
  return {.server = {.host = reader.text("est.address", is_host, "must be an address or a name"),
                     .port = reader.port("est.port"),
                     .name = reader.text("est.host", is_name, "must be a host name")},
          .user = reader.text("est.user", is_word, "must be one word"),
          .password = reader.text("est.password", is_word, "must be one word"),
          .roots = reader.text("est.roots", is_pem, "must be certificates in PEM")};
}

OldPeers read_old_peers(Reader& reader, const Side& lan) {
  const std::string key = "lan.tls12_exception";
  OldPeers old{.reason = reader.text(key + ".reason", is_title, "must be at most 64 letters and marks"),
               .until = reader.day(key + ".until"),
               .clients = {},
               .servers = {}};
  if (reader.has(key + ".clients"))
    old.clients = reader.texts(key + ".clients", is_network, "must list networks, ADDRESS/BITS");
  if (reader.has(key + ".servers"))
    old.servers = reader.texts(key + ".servers", is_name, "must list host names");
  for (const std::string& server : old.servers)
    if (server != lan.hop.name && !std::ranges::contains(lan.further_hops, server, &smtp::HopPlace::name))
      reader.refuse(key + ".servers", "names none of the mail servers in [lan]: " + server);
  if (old.clients.empty() && old.servers.empty()) reader.refuse(key, "must name clients or servers");
  return old;
}

/// As the gateway reads them, and of letters that need no quoting in its settings.
std::vector<smtp::ClearException> read_clear(Reader& reader) {
  const std::string key = "lan.clear";
  auto exceptions = reader.clear_exceptions(key);
  for (std::size_t i = 0; i < exceptions.size(); ++i)
    for (const auto& [name, text] :
         {std::pair{"reason", &exceptions[i].reason}, {"authoriser", &exceptions[i].authoriser}})
      if (!is_title(*text))
        reader.refuse(std::format("{}[{}].{}", key, i, name), "must be at most 64 letters and marks");
  return exceptions;
}

/// Judged as the file that they become a line of, each.
std::vector<hsm::ApproverLine> read_approvers(Reader& reader) {
  std::string file;
  for (const std::string& line : reader.texts("approvers")) file += line + "\n";
  return reader.taken("approvers", hsm::parse_approvers(file));
}

}  // namespace

Result<Site> read_site(Config config) {
  Reader reader(std::move(config));
  Site site{.serial = reader.serial(),
            .organisation = reader.text("organisation", is_title, "must be at most 64 letters and marks"),
            .hostname = reader.text("hostname", is_name, "must be a host name"),
            .domains = reader.texts("domains", is_name, "must list domains"),
            .default_route = reader.text("network.default_route", is_ip_address, "must be an address"),
            .name_servers = reader.texts("network.name_servers", is_ip_address, "must list addresses"),
            .lan = read_side(reader, "lan", "server"),
            .cjsm = read_side(reader, "cjsm", "relay"),
            .relay_client_names = reader.texts("cjsm.client_names", is_name, "must list host names"),
            .console_hostname = reader.text("console.hostname", is_name, "must be a host name"),
            .est = {}};
  if (reader.has("est.host")) site.est = read_est(reader);
  if (reader.has("lan.tls12_exception")) site.old_peers = read_old_peers(reader, site.lan);
  site.clear = read_clear(reader);
  site.approvers = read_approvers(reader);
  if (site.domains.empty()) reader.refuse("domains", "must list at least one");
  if (site.lan.interface == site.cjsm.interface)
    reader.refuse("cjsm.interface", "must be another than lan.interface");
  if (auto sound = reader.finish(); !sound) return std::unexpected(sound.error());
  return site;
}

Result<std::int64_t> read_serial(Config config) { return config.number(kSerial, 0, 0, kMostSerial); }

}  // namespace privyseal::provisioning
