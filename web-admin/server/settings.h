/// The console's settings file, read once at start.
///
///     listen = "192.0.2.2:8443"
///     hosts = ["gateway.lawfirm.example:8443"]   # what a browser may call us: exact Host headers
///     rp_id = "gateway.lawfirm.example"          # the domain that passkeys are made for
///     host = "gateway.lawfirm.example"           # the audit log's origin is HOST/admind
///     identity = "/var/lib/privyseal-renewd/identities/console"
///     openssl_config = "/etc/privyseal/openssl.cnf"
///     keyd_socket = "/run/privyseal-keyd/socket"
///     state = "/var/lib/privyseal-console"
///     status = ""                                # optional: a file for the address, once open
///     authority = "/var/lib/privyseal-renewd/authority"   # optional: the own CA that is handed out
///     approvers = "/run/privyseal/approvers"     # optional: the list of who may approve a key's end
///     declarations = "/etc/privyseal/declarations.toml"   # optional, and so is the file: what it declares
///                                                # counts where the console has no declaration of its own
///     validated_token = false                    # optional: true where the HSM is a validated one;
///                                                # does not count where keyd names no token, or SoftHSM's
///     [doors]
///     gateway = "/run/privyseal-gateway/door"
///     renewal = "/run/privyseal-renewd/door"
///     [door]                                     # our own: firmware/base/door.h
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "firmware/base/config.h"
#include "firmware/base/door.h"
#include "firmware/base/host_port.h"
#include "web-admin/server/passkey.h"

namespace privyseal::web {

struct Settings {
  HostPort listen;  ///< an address
  std::vector<std::string> hosts;
  std::string host;
  RelyingParty party;  ///< rp_id, and https:// before each host
  std::filesystem::path identity;
  std::filesystem::path openssl_config;
  std::filesystem::path keyd_socket;
  std::filesystem::path state;
  std::filesystem::path status;
  std::filesystem::path authority;  ///< holds root.pem and fingerprint; empty: there is no CA of our own
  std::filesystem::path approvers;  ///< hsm/approvers.h; keyd obeys it, we only show it; empty: none
  std::filesystem::path declarations;
  bool validated_token = false;
  std::filesystem::path gateway_door;
  std::filesystem::path renewal_door;
  std::optional<DoorSettings> door;
};

/// kInvalid: a setting is missing, malformed or unknown; the message names it.
[[nodiscard]] Result<Settings> read_settings(Config config);

}  // namespace privyseal::web
