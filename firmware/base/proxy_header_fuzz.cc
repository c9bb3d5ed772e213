// Any bytes give a header or an error, and a header has an address that can be read, and the size that it
// told.
#include <arpa/inet.h>

#include <array>
#include <span>

#include "firmware/base/check.h"
#include "firmware/base/proxy_header.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  using namespace privyseal;
  const ByteView bytes = std::as_bytes(std::span(data, size));
  const auto header = parse_proxy_header(bytes);
  if (size >= kProxyFixedBytes) {
    const auto told = proxy_header_size(bytes.first(kProxyFixedBytes));
    CHECK(!told || (*told >= kProxyFixedBytes && *told <= kMaxProxyHeader));
    CHECK(!header || (told && *told == size));
  }
  if (!header || header->is_local) return 0;
  std::array<unsigned char, 16> binary{};
  CHECK(::inet_pton(AF_INET, header->address.c_str(), binary.data()) == 1 ||
        ::inet_pton(AF_INET6, header->address.c_str(), binary.data()) == 1);
  return 0;
}
