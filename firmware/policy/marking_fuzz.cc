// Any text gives a marking or none; a marking is one of the labels, and without its name there is none.
#include <algorithm>

#include "firmware/base/check.h"
#include "firmware/policy/marking.h"
#include "firmware/policy/words.h"

using namespace privyseal;

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  static const auto profile = policy::known_profile("v10.2");
  CHECK(profile);
  const std::string text(reinterpret_cast<const char*>(data), size);
  const policy::MarkedText marked{.labels = {text}, .subjects = {text}, .first_line = text};
  const auto found = policy::marking_in(profile->marking, marked);
  (void)policy::has_instruction(*profile, marked);
  if (found) CHECK(std::ranges::contains(profile->marking.labels, found->text, &policy::Label::text));
  return 0;
}
