/// Any bytes are a list of approvers or none; in one, each line has exactly one spelling.
#include "firmware/base/check.h"
#include "hsm/approvers.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace privyseal;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto approvers = hsm::parse_approvers(text)) {
    CHECK(approvers->size() != 1);
    for (const auto& approver : *approvers) CHECK(text.contains(to_text(approver)));
  }
  if (const auto approver = hsm::parse_approver_line(text)) CHECK(to_text(*approver) == text);
  return 0;
}
