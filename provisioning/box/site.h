/// What a provisioning file says of one installation: names, networks, peers, pinned roots.
///
/// It was signed, but it is checked all the same: every value goes into other programs' settings,
/// so each is of a form that needs no quoting there. A value of another form is an error that
/// names its key.
///
///     serial = 1                               # optional, default 0: a newer file has a higher one
///     organisation = "Law Firm"
///     hostname = "gateway.lawfirm.example"     # also the name in both certificates
///     domains = ["lawfirm.example"]
///     approvers = ["alice es256 BASE64", "bob eddsa BASE64"]   # optional: who may approve that a key is
///                                              # destroyed, two persons at least (hsm/approvers.h)
///     [network]
///     default_route = "10.0.3.2"
///     name_servers = []
///     [lan]                                    # towards the organisation's mail server
///     interface = "enp0s16"
///     address = "10.0.2.15/24"
///     clients = ["10.0.2.0/24"]
///     server_host = "10.0.2.2"
///     server_port = 25
///     server_name = "mail.lawfirm.example"
///     roots = """-----BEGIN CERTIFICATE-----..."""
///     [cjsm]                                   # towards the CJSM relay
///     interface, address, clients, roots as above
///     client_names = ["relay.cjsm.example"]
///     relay_host, relay_port, relay_name
///     relay_tls = "implicit"                   # optional (server_tls in [lan]); default: starttls
///     hybrid = false                           # optional, also in [lan]: X25519 and P-256 only, no ML-KEM
///     further_relays = ["10.0.3.3:465 = relay2.cjsm.example = implicit"]   # optional, also further_servers
///     [lan.tls12_exception]                    # optional: as the gateway's settings have it, and keyd's
///     reason, until, clients, servers
///     [[lan.clear]]                            # optional: who may bring mail out in clear
///     host, reason, authoriser, until          # as the gateway's settings have it (smtp/clear_exception.h)
///     [console]
///     hostname = "console.lawfirm.example"
///     [est]                                    # optional: where renewd enrols by itself
///     host = "est.example"                     # the name in its certificate
///     address = "10.0.3.2"                     # or a name
///     port = 8085
///     user = "name"
///     password = "once"
///     roots = """..."""
///
/// Pure. Threads: any.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "firmware/base/config.h"
#include "firmware/base/day.h"
#include "firmware/base/result.h"
#include "firmware/smtp/clear_exception.h"
#include "firmware/smtp/hop_place.h"
#include "hsm/approvers.h"

namespace privyseal::provisioning {

struct Peer {
  std::string host;
  std::int64_t port;
  std::string name;  ///< that its certificate must have
};

struct Side {
  std::string interface;
  std::string address;  ///< with its prefix length
  std::vector<std::string> clients;
  std::string roots;  ///< PEM
  Peer hop;
  smtp::TlsStart hop_tls_start = smtp::TlsStart::kStartTls;
  bool hybrid = true;  ///< key agreement with ML-KEM (tls/profile.h)
  std::vector<smtp::HopPlace> further_hops{};

  /// The address without its prefix length.
  [[nodiscard]] std::string own_address() const { return address.substr(0, address.find('/')); }
};

/// Old mail servers of the organisation that may be spoken to by TLS 1.2 (gateway/tls12_exception.h).
struct OldPeers {
  std::string reason;
  Day until;
  std::vector<std::string> clients;
  std::vector<std::string> servers;  ///< each the name of one of the LAN side's hops
};

struct EnrolmentServer {
  Peer server;
  std::string user;
  std::string password;  ///< one-time; goes into a file for renewd alone
  std::string roots;
};

struct Site {
  std::int64_t serial = 0;
  std::string organisation;
  std::string hostname;
  std::vector<std::string> domains;
  std::string default_route;
  std::vector<std::string> name_servers;
  Side lan;
  Side cjsm;
  std::vector<std::string> relay_client_names;
  std::string console_hostname;
  std::optional<EnrolmentServer> est;
  std::optional<OldPeers> old_peers{};
  std::vector<smtp::ClearException> clear{};
  std::vector<hsm::ApproverLine> approvers{};  ///< none: no key is ever destroyed
};

/// kInvalid: a value is missing, unknown or not of its form.
[[nodiscard]] Result<Site> read_site(Config config);

/// Which of two files is the newer one, whatever else they say. kInvalid: as read_site.
[[nodiscard]] Result<std::int64_t> read_serial(Config config);

}  // namespace privyseal::provisioning
