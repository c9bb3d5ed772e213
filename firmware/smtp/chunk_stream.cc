#include "firmware/smtp/chunk_stream.h"

#include <algorithm>

#include "firmware/base/check.h"

namespace privyseal::smtp {
namespace {

constexpr std::string_view kLineEnd = "\r\n";

void append(Bytes& bytes, std::string_view text) {
  const ByteView view = bytes_of(text);
  bytes.insert(bytes.end(), view.begin(), view.end());
}

}  // namespace

/// A dot at the start of a line becomes two (RFC 5321 section 4.5.2).
void ChunkStream::stuff(ByteView text) {
  std::string_view rest = text_of(text);
  while (!rest.empty()) {
    if (at_line_start_ && rest.front() == '.') append(stuffed_, ".");
    // A LF ends the line only behind a CR, which may have been the last byte of the chunk before.
    const std::size_t lf = rest.find('\n');
    const std::string_view line = rest.substr(0, lf == std::string_view::npos ? lf : lf + 1);
    append(stuffed_, line);
    at_line_start_ = line == "\n" ? after_cr_ : line.ends_with(kLineEnd);
    after_cr_ = line.ends_with('\r');
    rest.remove_prefix(line.size());
  }
}

ChunkStream::Step ChunkStream::read_stuffed() {
  out_.clear();
  if (why_ == Violation::kNone && !stuffed_.empty()) {
    const auto step = dots_.feed(stuffed_);
    why_ = step.why;
    out_.insert(out_.end(), step.held.begin(), step.held.end());
    out_.insert(out_.end(), step.forward.begin(), step.forward.end());
  }
  stuffed_.clear();
  if (why_ != Violation::kNone) return {.why = why_, .stuffed = {}};
  return {.why = Violation::kNone, .stuffed = out_};
}

ChunkStream::Step ChunkStream::feed(ByteView chunk) {
  stuff(chunk);
  return read_stuffed();
}

ChunkStream::Step ChunkStream::end() {
  if (!at_line_start_) append(stuffed_, kLineEnd);
  append(stuffed_, kEndOfData);
  return read_stuffed();
}

}  // namespace privyseal::smtp
