#include "firmware/smtp/header_scan.h"

#include <string_view>

#include "firmware/smtp/ascii.h"

namespace privyseal::smtp {
namespace {
constexpr std::string_view kReceived = "received";
}

void HeaderScan::feed(ByteView bytes) {
  std::string_view rest = text_of(bytes);
  while (!is_done_ && !rest.empty()) {
    if (!may_match_) {
      rest.remove_prefix(std::min(rest.find('\n'), rest.size()));
      if (rest.empty()) return;
    }
    take(rest.front());
    rest.remove_prefix(1);
  }
}

void HeaderScan::take(char c) {
  if (c == '\n') return end_line();
  if (c == '\r') return;
  is_empty_line_ = false;
  const bool is_name_over = matched_ == kReceived.size();
  if (is_name_over && (c == ' ' || c == '\t')) return;  // "Received :" is old, but still one
  if (is_name_over && c == ':') ++hops_;
  may_match_ = !is_name_over && lower(c) == kReceived[matched_];
  ++matched_;
}

void HeaderScan::end_line() {
  is_done_ = is_empty_line_;
  is_empty_line_ = true;
  may_match_ = true;
  matched_ = 0;
}

}  // namespace privyseal::smtp
