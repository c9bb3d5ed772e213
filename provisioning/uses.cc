#include "provisioning/uses.h"

#include <format>
#include <string>
#include <vector>

#include "hsm/client.h"

namespace privyseal::provisioning {
namespace {

std::string table_of(const std::vector<hsm::KeyUses>& all) {
  constexpr auto kLine = "{:<32} {:>12} {:>12} {:>8} {:>12} {:>8} {:>8} {:>12} {:>8}\n";
  std::string table = std::format(kLine, "NAME", "TLS CLIENT", "TLS SERVER", "CSR", "CERTIFICATE", "CRL",
                                  "OCSP", "CHECKPOINT", "REFUSED");
  for (const hsm::KeyUses& uses : all)
    table += std::format(kLine, uses.name, uses.tls_client, uses.tls_server + uses.tls12_server, uses.csr,
                         uses.certificate, uses.crl, uses.ocsp, uses.checkpoint, uses.refused);
  return table;
}

/// Key names have no character that JSON would want escaped (hsm::is_key_name).
std::string json_of(const std::vector<hsm::KeyUses>& all) {
  std::string json = R"({"uses": [)";
  std::string separator;
  for (const hsm::KeyUses& uses : all) {
    json +=
        std::format(R"({}{{"name": "{}", "tls_client": {}, "tls_server": {}, "tls12_server": {}, "csr": {}, )"
                    R"("certificate": {}, "crl": {}, "ocsp": {}, "checkpoint": {}, "refused": {}}})",
                    separator, uses.name, uses.tls_client, uses.tls_server, uses.tls12_server, uses.csr,
                    uses.certificate, uses.crl, uses.ocsp, uses.checkpoint, uses.refused);
    separator = ", ";
  }
  return json + "]}\n";
}

Result<void> uses(const Arguments& arguments, std::ostream& out) {
  hsm::Client keyd(arguments.text("socket"));
  const auto all = keyd.uses();
  if (!all) return std::unexpected(all.error());
  out << (arguments.has("json") ? json_of(*all) : table_of(*all));
  return {};
}

}  // namespace

Command uses_command() {
  return {.name = "uses",
          .summary = "show what the keys were used for",
          .options = {socket_option(),
                      {.name = "json", .value = "", .help = "for programs", .kind = Option::Kind::kFlag}},
          .run = uses};
}

}  // namespace privyseal::provisioning
