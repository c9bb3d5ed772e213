// is_server_key_exchange: whatever is accepted has the RFC's form, and is no document.
#include <cstdlib>

#include "hsm/keyd/der.h"
#include "hsm/keyd/tls12.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace privyseal;
  const auto message = std::as_bytes(std::span(data, size));
  if (!keyd::is_server_key_exchange(message)) return 0;
  if (size != 100 && size != 133 && size != 165) std::abort();
  if (data[64] != 3 || data[65] != 0 || data[67] != size - 68) std::abort();
  if (data[56] != 'D' || data[62] != 'D' || data[63] != 1) std::abort();
  if (data[0] == 0x30 && data[1] == size - 2 && keyd::is_der(message)) std::abort();
  return 0;
}
