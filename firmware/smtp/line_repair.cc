#include "firmware/smtp/line_repair.h"

#include <utility>

namespace privyseal::smtp {

void LineRepair::append(std::string_view text) {
  const ByteView bytes = bytes_of(text);
  out_.insert(out_.end(), bytes.begin(), bytes.end());
}

ByteView LineRepair::feed(ByteView input) {
  out_.clear();
  out_.reserve(input.size() + input.size() / 16 + 2);
  for (const char c : text_of(input)) take(c);
  return out_;
}

void LineRepair::take(char c) {
  if (std::exchange(waits_, false)) append(c == '.' ? "\n" : "\r\n");
  const bool is_bare = c == '\n' && !after_cr_;
  if (is_bare && where_ == Where::kCommands)
    append("\r\n");
  else if (is_bare && !after_lone_dot_)
    waits_ = true;
  else
    append({&c, 1});
  after_cr_ = c == '\r';
  if (after_cr_) return;  // the line is not over, and has nothing more in it
  after_lone_dot_ = at_line_start_ && c == '.';
  at_line_start_ = c == '\n';
}

}  // namespace privyseal::smtp
