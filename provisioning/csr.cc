#include "provisioning/csr.h"

#include "ca/csr.h"
#include "firmware/base/file.h"
#include "hsm/client.h"

namespace privyseal::provisioning {
namespace {

constexpr mode_t kReadableByAll = 0644;  // nothing in a request is secret

Result<std::string> request_pem(hsm::Client& keyd, const std::string& name, const ca::CsrSubject& subject) {
  const auto key = keyd.find_key(name);
  if (!key) return std::unexpected(key.error());
  const auto info = ca::csr_info(key->public_key, subject);
  if (!info) return std::unexpected(info.error());
  const auto signature = keyd.sign_csr(name, *info);
  if (!signature) return std::unexpected(signature.error());
  return ca::csr_pem(*info, *signature);
}

Result<void> csr(const Arguments& arguments, std::ostream& out) {
  hsm::Client keyd(arguments.text("socket"));
  const auto pem = request_pem(keyd, arguments.text("name"),
                               {.common_name = arguments.text("subject-cn"),
                                .organisation = arguments.text("organisation"),
                                .dns_names = arguments.texts("dns")});
  if (!pem) return std::unexpected(pem.error());
  if (arguments.has("out")) return replace_file(arguments.text("out"), bytes_of(*pem), kReadableByAll);
  out << *pem;
  return {};
}

}  // namespace

Command csr_command() {
  using Kind = Option::Kind;
  return {.name = "csr",
          .summary = "make a certificate signing request for a key",
          .options = {socket_option(),
                      {.name = "name", .value = "NAME", .help = "the key's name"},
                      {.name = "subject-cn", .value = "CN", .help = "the subject's common name"},
                      {.name = "organisation",
                       .value = "O",
                       .help = "the subject's organisation",
                       .kind = Kind::kOptional},
                      {.name = "dns",
                       .value = "NAME",
                       .help = "the host names, for subjectAltName",
                       .kind = Kind::kRepeated},
                      {.name = "out",
                       .value = "FILE",
                       .help = "where to write it, in PEM; else to standard output",
                       .kind = Kind::kOptional}},
          .run = csr};
}

}  // namespace privyseal::provisioning
