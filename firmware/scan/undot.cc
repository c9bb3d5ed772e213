#include "firmware/scan/undot.h"

#include <string_view>

namespace privyseal::scan {

void Undot::feed(ByteView stuffed, Bytes& out) {
  std::string_view rest = text_of(stuffed);
  while (!rest.empty()) {
    if (at_line_start_ && rest.starts_with('.')) rest.remove_prefix(1);
    at_line_start_ = false;
    const std::size_t end = rest.find('\n');
    const std::string_view line = end == std::string_view::npos ? rest : rest.substr(0, end + 1);
    const ByteView bytes = bytes_of(line);
    out.insert(out.end(), bytes.begin(), bytes.end());
    at_line_start_ = line.ends_with('\n');
    rest.remove_prefix(line.size());
  }
}

}  // namespace privyseal::scan
