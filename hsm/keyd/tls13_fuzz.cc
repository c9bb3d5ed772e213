// certificate_verify_side: whatever is accepted must be what the RFC's form rebuilds.
#include <cstdlib>
#include <string>

#include "hsm/keyd/tls13.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using privyseal::keyd::Tls13Side;
  const auto message = std::as_bytes(std::span(data, size));
  const auto side = privyseal::keyd::certificate_verify_side(message);
  if (!side) return 0;
  std::string rebuilt(64, ' ');
  rebuilt +=
      *side == Tls13Side::kServer ? "TLS 1.3, server CertificateVerify" : "TLS 1.3, client CertificateVerify";
  rebuilt += '\0';
  if (size != rebuilt.size() + 32 && size != rebuilt.size() + 48) std::abort();
  if (!privyseal::text_of(message).starts_with(rebuilt)) std::abort();
  return 0;
}
