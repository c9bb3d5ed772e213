// check_request_info: total, and it never passes bytes for a key that they do not hold.
#include <algorithm>
#include <cstdint>
#include <cstdlib>

#include "firmware/base/bytes.h"
#include "hsm/keyd/csr.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // The end of the input stands for the public key that keyd holds: 91 bytes are a P-256
  // SubjectPublicKeyInfo.
  constexpr std::size_t kSpkiBytes = 91;
  const auto input = std::as_bytes(std::span(data, size));
  if (size < kSpkiBytes) return 0;
  const auto info = input.first(size - kSpkiBytes);
  const auto spki = input.last(kSpkiBytes);
  if (privyseal::keyd::check_request_info(info, spki) && std::ranges::search(info, spki).empty())
    std::abort();
  return 0;
}
