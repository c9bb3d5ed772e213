#include <cstdlib>

#include "firmware/base/bytes.h"
#include "firmware/base/json.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  using namespace privyseal;
  const auto parsed = parse_json_object({reinterpret_cast<const char*>(data), size});
  if (!parsed) return 0;
  // What we write of it we must be able to read, and write the same again.
  const std::string written = to_text(*parsed);
  const auto again = parse_json_object(written);
  if (!again || to_text(*again) != written) std::abort();
  return 0;
}
