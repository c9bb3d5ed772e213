#include <cstdlib>

#include "firmware/firewall/state.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  using namespace privyseal::firewall;
  const auto state = parse_state({reinterpret_cast<const char*>(data), size});
  if (!state) return 0;
  // What we write of it is read as the same.
  const std::string written = to_text(*state);
  if (written.size() > kMostStateBytes) return 0;  // escapes can make a long reason longer
  const auto again = parse_state(written);
  if (!again || *again != *state) std::abort();
  return 0;
}
