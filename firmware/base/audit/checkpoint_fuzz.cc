#include "firmware/base/audit/checkpoint.h"
#include "firmware/base/check.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  using namespace privyseal;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto checkpoint = audit::parse_checkpoint(text))
    CHECK(audit::checkpoint_text(*checkpoint) == text);
  if (const auto note = audit::parse_note(text)) {
    // A key id that fits no key we have, but the text must come back as it was.
    CHECK(text.starts_with(audit::checkpoint_text(note->checkpoint) + "\n"));
    CHECK(!note->signature.empty());
  }
  return 0;
}
