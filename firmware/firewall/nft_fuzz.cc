#include "firmware/firewall/nft.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  static_cast<void>(privyseal::firewall::dropped_packets({reinterpret_cast<const char*>(data), size}));
  return 0;
}
