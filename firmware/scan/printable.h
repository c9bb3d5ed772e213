/// Text of a scanner's for a log line: at most 200 bytes, and a question mark for each that is not printable
/// ASCII.
#pragma once

#include <string>
#include <string_view>

namespace privyseal::scan {

[[nodiscard]] inline std::string printable(std::string_view text) {
  constexpr std::size_t kMost = 200;
  std::string clean(text.substr(0, kMost));
  for (char& c : clean)
    if (c < ' ' || c > '~') c = '?';
  return clean;
}

}  // namespace privyseal::scan
