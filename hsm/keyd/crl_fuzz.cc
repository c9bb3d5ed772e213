// check_tbs_cert_list: total, and what passes begins with version 2 and the CA's algorithm.
#include <algorithm>
#include <array>
#include <cstdlib>

#include "hsm/keyd/crl.h"
#include "hsm/keyd/der.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace privyseal;
  const auto tbs = std::as_bytes(std::span(data, size));
  for (const auto type : {hsm::KeyType::kEcP256, hsm::KeyType::kEcP384}) {
    if (!keyd::check_tbs_cert_list(tbs, type)) continue;
    const auto algorithm = std::ranges::search(tbs, keyd::signature_algorithm_of(type));
    if (algorithm.empty() || algorithm.begin() - tbs.begin() > 8) std::abort();
    constexpr std::array<unsigned char, 3> kNumberOid{0x55, 0x1d, 0x14};
    if (std::ranges::search(tbs, std::as_bytes(std::span(kNumberOid))).empty()) std::abort();
  }
  return 0;
}
