#include "web-admin/pages/own_ca.h"

#include "firmware/base/file.h"
#include "web-admin/pages/layout.h"

namespace privyseal::web {
namespace {

/// Empty: it is not there (yet).
std::string text_in(const Visit& visit, const char* file) {
  constexpr std::size_t kMostBytes = 8192;
  if (visit.at.settings.authority.empty()) return {};
  const auto bytes = read_file(visit.at.settings.authority / file, kMostBytes);
  return bytes ? std::string(text_of(*bytes)) : std::string();
}

}  // namespace

Html own_ca_section(const Visit& visit) {
  const std::string fingerprint = text_in(visit, "fingerprint");
  if (fingerprint.empty()) return {};
  return join(heading("This appliance's own CA"),
              paragraph(join("Your mail server and your browser know this appliance by it: install ",
                             link("/own-ca.pem", "the CA certificate (PEM)"), " there.")),
              // Whoever can change the file on its way can leave the text below as it is.
              paragraph("Before that, have your own program show the SHA-256 fingerprint of the file that "
                        "you got. It must be "
                        "the one on the appliance's own screen:"),
              paragraph(el("code", {{"class", "ps-code"}, {"id", "own-ca"}}, fingerprint)));
}

Response own_ca_file(Visit& visit) {
  const std::string pem = text_in(visit, "root.pem");
  if (pem.empty())
    return apology(visit, 404, "There is no CA certificate",
                   "This appliance has not made a CA of its own yet.");
  Response response = file_response("application/pem-certificate-chain", pem);  // RFC 8555 section 9.1
  response.headers.emplace_back("Content-Disposition", "attachment; filename=\"privyseal-ca.pem\"");
  return response;
}

}  // namespace privyseal::web
