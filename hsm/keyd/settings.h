/// keyd's settings, read once at start from its TOML file:
///
///     state = "/var/lib/privyseal-keyd"     # keyd's own folder
///     workers = 4                           # threads, and sessions on the token
///     signatures_per_second = 5000          # of one key, for TLS; twice as many at once
///     [socket]
///     path = "/run/privyseal-keyd/socket"
///     mode = "0660"
///     group = "privyseal-keyd-callers"      # optional
///     [pkcs11]
///     module = "/usr/lib/softhsm/libsofthsm2.so"
///     token = "privyseal"                   # its label; or, instead of both, RFC 7512:
///     # uri = "pkcs11:token=privyseal;serial=0a1b?module-path=/usr/lib/softhsm/libsofthsm2.so"
///     pin_file = "/var/lib/privyseal-keyd/pin"
///     softhsm_conf = "/etc/privyseal/softhsm2.conf"   # only with SoftHSM
///     # parameters = "configDir='sql:/var/lib/nss'"   # told to C_Initialize; only for modules that want it
///     [callers]                             # users, by name or number; one user is one caller
///     gateway = ["privyseal-gateway"]
///     provisioning = ["root", "privyseal-admin"]
///     renewal = ["privyseal-renewd"]
///     console = ["privyseal-console"]
///     [audit]
///     host = "gateway.lawfirm.example"      # in the origin of keyd's own log; default: the host's name
///     [tls12_exception]                     # none by default: keys sign TLS 1.3 and nothing older
///     reason = "the old mail server, until it is replaced"      # goes into the audit log
///     roles = ["lan-identity"]              # whose keys sign as a server in TLS 1.2 (tls12.h)
///     until = "2027-03-31"                  # the last day, UTC
///     [approvals]                           # none by default: no key is ever destroyed (approval.h)
///     site = "gateway.lawfirm.example"      # the console's host name
///     origins = ["https://gateway.lawfirm.example:8443"]
///     approvers = "/run/privyseal/approvers"       # root's file (hsm/approvers.h); missing or empty: nobody
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include "firmware/base/result.h"
#include "hsm/keyd/approval.h"
#include "hsm/keyd/policy.h"
#include "hsm/keyd/tls12_exception.h"
#include "hsm/pkcs11_uri.h"

namespace privyseal::keyd {

struct Settings {
  std::filesystem::path state;
  std::size_t workers;
  std::uint32_t signatures_per_second;

  std::filesystem::path socket;
  mode_t socket_mode;
  std::optional<gid_t> socket_group;

  std::filesystem::path module;
  pkcs11::TokenName token;
  std::filesystem::path pin_file;
  std::optional<std::filesystem::path> softhsm_conf;
  std::string module_parameters;

  std::map<uid_t, Caller> callers;

  std::string audit_origin;  ///< "<host>/keyd"
  std::optional<Tls12Exception> tls12_exception{};
  ApprovalRules approvals{};
  std::string approvers_fault{};  ///< why nobody approves although there is a file of approvers
};

/// kInvalid: the message names the file and the key.
[[nodiscard]] Result<Settings> load_settings(const std::filesystem::path& file);

}  // namespace privyseal::keyd
