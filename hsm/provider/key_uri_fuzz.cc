/// Any text gives a key's address or a refusal, as a URI and as a PEM file.
#include <cstddef>
#include <cstdint>

#include "firmware/base/check.h"
#include "hsm/provider/key_uri.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace privyseal::hsm;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto uri = provider::uri_in_pem(text);
  const auto address = provider::parse_key_uri(uri ? std::string_view(*uri) : text);
  if (address) CHECK(address->name.empty() ? !address->id.empty() : is_key_name(address->name));
  return 0;
}
