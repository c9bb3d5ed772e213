/// A whole provisioning file, for the tests of this folder.
#pragma once

#include <string>

namespace privyseal::provisioning::test {

inline std::string site_text() {
  return R"(organisation = "Smith & Sons, Law"
hostname = "gateway.lawfirm.example"
domains = ["lawfirm.example"]
[network]
default_route = "10.0.3.2"
name_servers = []
[lan]
interface = "enp0s16"
address = "10.0.2.15/24"
clients = ["10.0.2.0/24"]
server_host = "10.0.2.2"
server_port = 2626
server_name = "mail.lawfirm.example"
roots = """-----BEGIN CERTIFICATE-----
AAAA
-----END CERTIFICATE-----
"""
[cjsm]
interface = "enp0s17"
address = "10.0.3.15/24"
clients = ["10.0.3.0/24"]
client_names = ["relay.cjsm.example"]
relay_host = "10.0.3.2"
relay_port = 4646
relay_name = "relay.cjsm.example"
roots = """-----BEGIN CERTIFICATE-----
BBBB
-----END CERTIFICATE-----
"""
[console]
hostname = "console.lawfirm.example"
)";
}

// RFC 8032's, each with its name.
inline const std::string kAlice = "alice eddsa 11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";
inline const std::string kBob = "bob eddsa PUAXw+hDiVqStwqnTRt+vJyYLM8uxJaMwM1V8Sr0Zgw=";

/// Stands before site_text, because it belongs to no section.
inline std::string approvers_text(const std::string& one = kAlice, const std::string& other = kBob) {
  return "approvers = [\"" + one + "\", \"" + other + "\"]\n";
}

inline std::string est_text() {
  return R"([est]
host = "est.example"
address = "10.0.3.2"
port = 8085
user = "estuser"
password = "once"
roots = """-----BEGIN CERTIFICATE-----
CCCC
-----END CERTIFICATE-----
"""
)";
}

}  // namespace privyseal::provisioning::test
