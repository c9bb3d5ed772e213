// check_tbs_certificate: total, and what passes is the root of the CA's own key or, to OpenSSL's own
// judgement, no CA at all.
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <cstdlib>
#include <memory>

#include "firmware/base/free.h"
#include "hsm/keyd/certificate.h"
#include "hsm/keyd/der.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace privyseal;
  // The end of the input stands for the CA's public key: 91 bytes are a P-256 SubjectPublicKeyInfo.
  constexpr std::size_t kSpkiBytes = 91;
  const auto input = std::as_bytes(std::span(data, size));
  if (size < kSpkiBytes) return 0;
  const auto tbs = input.first(size - kSpkiBytes);
  const auto spki = input.last(kSpkiBytes);
  const auto facts = keyd::check_tbs_certificate(tbs, hsm::KeyType::kEcP256, spki);
  if (!facts) return 0;
  const bool is_root = facts->kind == keyd::CertificateKind::kOwnRoot;
  if (is_root && std::ranges::search(tbs, spki).empty()) std::abort();
  const Bytes whole = keyd::with_empty_signature(tbs, hsm::KeyType::kEcP256);
  const unsigned char* at = uchar(whole);
  const std::unique_ptr<X509, Free<X509_free>> parsed(
      d2i_X509(nullptr, &at, static_cast<long>(whole.size())));
  if (!parsed || (X509_check_ca(parsed.get()) != 0) != is_root) std::abort();
  ERR_clear_error();
  return 0;
}
