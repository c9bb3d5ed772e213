/// Any bytes are a request to destroy a key or none; what is one has exactly one spelling.
#include "firmware/base/check.h"
#include "hsm/destruction.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto parsed = privyseal::hsm::parse_destruction(text)) CHECK(to_text(*parsed) == text);
  return 0;
}
