/// Any bytes are a request, an answer or kInvalid; what parses has exactly one spelling.
#include <algorithm>

#include "firmware/base/check.h"
#include "hsm/wire.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto bytes = std::as_bytes(std::span(data, size));
  const auto is_same = [&](const privyseal::Bytes& again) { return std::ranges::equal(again, bytes); };
  if (const auto request = privyseal::hsm::parse_request(bytes)) CHECK(is_same(to_bytes(*request)));
  if (const auto answer = privyseal::hsm::parse_answer(bytes)) CHECK(is_same(to_bytes(*answer)));
  return 0;
}
