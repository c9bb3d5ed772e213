#include "firmware/tls/certificate_file.h"

#include <openssl/pem.h>

#include "firmware/base/file.h"

namespace privyseal::tls {
namespace {

constexpr std::size_t kMaxPemBytes = 256 * 1024;

}  // namespace

Result<std::vector<CertificatePtr>> certificates_in(const std::filesystem::path& file,
                                                    OSSL_LIB_CTX* library) {
  const auto text = read_file(file, kMaxPemBytes);
  if (!text) return std::unexpected(text.error());
  const BioPtr bio(BIO_new_mem_buf(text->data(), static_cast<int>(text->size())));
  std::vector<CertificatePtr> certificates;
  for (;;) {
    // An X509 made in the library context checks signatures with that context's providers.
    X509* certificate = X509_new_ex(library, nullptr);
    if (PEM_read_bio_X509(bio.get(), &certificate, nullptr, nullptr) == nullptr) {
      X509_free(certificate);
      break;
    }
    certificates.emplace_back(certificate);
  }
  const bool at_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  ERR_clear_error();
  if (!at_end || certificates.empty())
    return fail(ErrorCode::kInvalid, file.string() + ": holds no readable PEM certificates");
  return certificates;
}

}  // namespace privyseal::tls
