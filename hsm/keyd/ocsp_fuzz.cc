// check_response_data: total, and what passes names this CA's key as the responder and as the issuer.
#include <algorithm>
#include <array>
#include <cstdlib>

#include "hsm/keyd/ocsp.h"

namespace {

/// P-256, its point all of 0x11 bytes: only its hash counts here.
privyseal::Bytes some_spki() {
  constexpr auto kHead = std::to_array<unsigned char>({0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48,
                                                       0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48,
                                                       0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04});
  privyseal::Bytes spki = privyseal::copy_of(std::as_bytes(std::span(kHead)));
  spki.resize(spki.size() + 64, std::byte{0x11});
  return spki;
}

// SHA-1 of 04 and 64 bytes 0x11.
constexpr auto kKeyHash =
    std::to_array<unsigned char>({0xd2, 0x18, 0x79, 0x9c, 0x27, 0x49, 0x8c, 0xb0, 0x3d, 0x05,
                                  0x47, 0xe3, 0x55, 0x2a, 0xf7, 0x6e, 0x30, 0xae, 0x8f, 0x06});

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace privyseal;
  static const Bytes spki = some_spki();
  const auto response = std::as_bytes(std::span(data, size));
  if (!keyd::check_response_data(response, hsm::KeyType::kEcP256, spki)) return 0;
  if (std::ranges::search(response, std::as_bytes(std::span(kKeyHash))).empty()) std::abort();
  return 0;
}
