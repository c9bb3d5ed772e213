/// Any outside text, shown on a terminal and in a page: one line, no byte that acts, no tag; and any text as
/// a declaration.
#include <algorithm>
#include <string_view>

#include "firmware/base/check.h"
#include "provisioning/evidence/declarations.h"
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
  const auto declared = parse_declaration({.signed_on = "2026-03-01",
                                           .by = text.substr(0, size / 2),
                                           .review = "2027-03-01",
                                           .note = text.substr(size / 2)});
  if (declared) CHECK(is_visible(declared->by) && !declared->by.empty() && is_visible(declared->note));
  static_cast<void>(parse_declaration({.signed_on = text, .by = "a", .review = text, .note = ""}));
  return 0;
}
