/// Any outside text, shown on a terminal and in a page: one line, no byte that acts, no tag.
#include <algorithm>
#include <string_view>

#include "firmware/base/check.h"
#include "provisioning/evidence/page.h"
#include "provisioning/evidence/text.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  using namespace privyseal::evidence;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::string shown = escaped(text);
  CHECK(std::ranges::none_of(shown, [](char c) { return (c >= 0 && c < 0x20) || c == 0x7F; }));
  CHECK(html_text(text).find_first_of("<>\"'\n") == std::string::npos);
  static_cast<void>(london(text));
  static_cast<void>(parse_date_or_time(text));
  static_cast<void>(width_of(shown));
  return 0;
}
