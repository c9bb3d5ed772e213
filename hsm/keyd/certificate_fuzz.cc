// check_tbs_certificate: total, and what passes is the root of the CA's own key or no CA at all.
#include <algorithm>
#include <cstdlib>

#include "hsm/keyd/certificate.h"

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
  const bool holds_our_key = !std::ranges::search(tbs, spki).empty();
  if (facts->kind == keyd::CertificateKind::kOwnRoot && !holds_our_key) std::abort();
  // basicConstraints { cA TRUE } begins with 30 .. 01 01 FF behind its OID.
  constexpr std::array<unsigned char, 5> kOid{0x06, 0x03, 0x55, 0x1d, 0x13};
  constexpr std::array<unsigned char, 3> kTrue{0x01, 0x01, 0xff};
  const auto constraints = std::ranges::search(tbs, std::as_bytes(std::span(kOid)));
  if (constraints.empty()) std::abort();
  const auto value =
      std::span(constraints.end(), std::min<std::ptrdiff_t>(13, tbs.end() - constraints.end()));
  const auto trues = [&] {
    std::size_t count = 0;
    for (std::size_t i = 0; i + kTrue.size() <= value.size(); ++i)
      if (std::ranges::equal(value.subspan(i, kTrue.size()), std::as_bytes(std::span(kTrue)))) ++count;
    return count;
  };
  if (facts->kind == keyd::CertificateKind::kEndEntity && trues() > 1) std::abort();  // one is 'critical'
  return 0;
}
