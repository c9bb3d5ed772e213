/// What renewd is told: which identities there are, who issues their certificates, where they are tried.
///
///     state = "/var/lib/privyseal-renewd"
///     host = "gateway.lawfirm.example"                 # the audit log's origin is HOST/renewd
///     keyd_socket = "/run/privyseal-keyd/socket"
///     openssl_config = "/etc/privyseal/openssl.cnf"    # loads the key provider
///     retry_seconds = 60                               # after a first failure; doubles up to 6 hours
///
///     [identity.cjsm]                                  # also: lan, console
///     issuer = "est"                                   # manual, est, local
///     common_name = "gateway.lawfirm.example"
///     organisation = "Law Firm"                        # optional
///     dns_names = ["gateway.lawfirm.example"]
///     key_type = "p256"                                # or p384, rsa2048, rsa3072, rsa4096
///     roots = "/etc/privyseal/egress-ca.pem"           # pinned; not with issuer "local"
///     profile = "smtp-listener"                        # only with issuer "local"
///     renew_days = 0                                   # before the end; 0: after two thirds of the life
///     overlap_hours = 24                               # the old key stays usable so long
///     probe = "relay.cjsm.example:25"                  # optional, cjsm only: the trial handshake
///     probe_name = "relay.cjsm.example"                # the name in the relay's certificate
///     probe_tls = "implicit"                           # default: starttls
///     probe_hybrid = false                             # as the gateway's [cjsm] hybrid; default: true
///     probe_roots = "/etc/privyseal/egress-ca.pem"     # default: roots
///     live = "127.0.0.1:25"                            # optional: our own port that must serve it
///
///     [est]
///     url = "https://est.example:8443"
///     server_name = "est.example"                      # default: the host in url
///     ca = "/etc/privyseal/est-ca.pem"
///     user = "gateway"                                 # optional, with password_file
///     password_file = "/etc/privyseal/est-password"
///
///     [authority]                                      # needed where an issuer is "local"
///     key = "issuing-ca"
///     common_name = "Law Firm appliance CA"
///     organisation = "Law Firm"
///     domains = ["lawfirm.example"]
///
///     [door]                                           # firmware/base/door.h
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "ca/csr.h"
#include "ca/rotation.h"
#include "firmware/base/config.h"
#include "firmware/base/door.h"
#include "firmware/base/host_port.h"
#include "firmware/smtp/tls_start.h"
#include "hsm/wire.h"

namespace privyseal::renewd {

/// "https://HOST[:PORT]" and at most a closing slash. kInvalid: anything else.
[[nodiscard]] Result<HostPort> parse_https_url(std::string_view url);

struct IdentitySettings {
  std::string name{};  ///< "cjsm", "lan", "console"
  hsm::KeyRole role = hsm::KeyRole::kCjsmIdentity;
  hsm::KeyType key_type = hsm::KeyType::kEcP256;
  ca::Rules rules{};
  ca::CsrSubject subject{};
  std::filesystem::path roots{};  ///< empty: our own authority's
  std::string profile{};          ///< of our own authority
  std::optional<HostPort> probe{};
  std::string probe_name{};
  smtp::TlsStart probe_tls{};
  bool probe_hybrid = true;
  std::filesystem::path probe_roots{};
  std::optional<HostPort> live{};

  /// Both sides of the CJSM leg; the others are servers only.
  [[nodiscard]] bool is_client() const { return role == hsm::KeyRole::kCjsmIdentity; }
  /// The console speaks HTTPS, the gateway SMTP with STARTTLS.
  [[nodiscard]] bool speaks_smtp() const { return role != hsm::KeyRole::kConsoleIdentity; }
};

struct EstSettings {
  HostPort server{};
  std::string server_name{};
  std::filesystem::path trusted_roots{};
  std::string user{};
  std::filesystem::path password_file{};
};

struct IssuingSettings {
  std::string key{};
  std::string common_name{};
  std::string organisation{};
  std::vector<std::string> domains{};
};

struct Settings {
  std::filesystem::path state{};
  std::string host{};
  std::filesystem::path keyd_socket{};
  std::filesystem::path openssl_config{};
  std::vector<IdentitySettings> identities{};
  std::optional<EstSettings> est{};
  std::optional<IssuingSettings> authority{};
  std::optional<DoorSettings> door{};
};

/// kInvalid: the message names the key.
[[nodiscard]] Result<Settings> read_settings(Config config);

}  // namespace privyseal::renewd
