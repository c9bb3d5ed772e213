/// Any bytes give a kind or none, and a kind only to what begins like it.
#include <cstddef>
#include <cstdint>

#include "firmware/base/check.h"
#include "hsm/provider/message_kind.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace privyseal;
  const auto message = std::as_bytes(std::span(data, size));
  const auto kind = hsm::provider::message_kind_of(message);
  using enum hsm::provider::MessageKind;
  if (kind == kTls12)
    CHECK(size > 64 && message[63] == std::byte{0x01});
  else if (kind)
    CHECK(message[0] == (kind == kTls13 ? std::byte{0x20} : std::byte{0x30}));
  return 0;
}
