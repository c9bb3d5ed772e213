// check_checkpoint: total, and what passes is exactly what the parsed values are written as.
#include <cstdlib>

#include "hsm/keyd/checkpoint.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace privyseal;
  const auto text = text_of(std::as_bytes(std::span(data, size)));
  const auto checkpoint = keyd::check_checkpoint(text);
  if (!checkpoint) return 0;
  if (audit::checkpoint_text(*checkpoint) != text || checkpoint->size == 0) std::abort();
  if (!keyd::log_name_of(checkpoint->origin)) std::abort();
  return 0;
}
