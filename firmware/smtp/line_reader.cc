#include "firmware/smtp/line_reader.h"

#include <algorithm>
#include <cstring>

#include "firmware/base/check.h"

namespace privyseal::smtp {

std::string_view to_string(LineFault fault) {
  switch (fault) {
    case LineFault::kBareCr:
      return "bare CR";
    case LineFault::kBareLf:
      return "bare LF";
    case LineFault::kNul:
      return "NUL byte";
    case LineFault::kTooLong:
      return "line too long";
  }
  return "unknown fault";
}

void LineReader::append(ByteView bytes) {
  if (bytes.empty()) return;
  std::memcpy(prepare(bytes.size()).data(), bytes.data(), bytes.size());
  commit(bytes.size());
}

std::span<std::byte> LineReader::prepare(std::size_t size) {
  // What was given out makes room; a steady session never grows its buffer.
  if (begin_ == end_) {
    begin_ = end_ = 0;
  } else if (buffer_.size() - end_ < size && begin_ > 0) {
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  if (buffer_.size() - end_ < size) buffer_.resize(end_ + size);
  return std::span(buffer_).subspan(end_, size);
}

void LineReader::commit(std::size_t size) {
  CHECK(size <= buffer_.size() - end_);
  end_ += size;
}

LineReader::Next LineReader::next() {
  if (fault_) return fault(*fault_);
  const std::string_view pending = text_of(buffered());
  for (; scanned_ < pending.size(); ++scanned_) {
    const char c = pending[scanned_];
    const bool after_cr = scanned_ > 0 && pending[scanned_ - 1] == '\r';
    if (scanned_ >= max_line_bytes_) return fault(LineFault::kTooLong);
    if (after_cr && c != '\n') return fault(LineFault::kBareCr);
    if (c == '\0') return fault(LineFault::kNul);
    if (c != '\n') continue;
    if (!after_cr) return fault(LineFault::kBareLf);
    const Next line{State::kLine, pending.substr(0, scanned_ - 1), {}};
    begin_ += scanned_ + 1;
    scanned_ = 0;
    return line;
  }
  // As many bytes as a whole line may have, and no end in sight: say so now, not one byte later.
  if (scanned_ >= max_line_bytes_) return fault(LineFault::kTooLong);
  return {State::kNeedMore, {}, {}};
}

LineReader::Next LineReader::fault(LineFault why) {
  fault_ = why;
  return {State::kFault, {}, why};
}

ByteView LineReader::buffered() const { return ByteView(buffer_).subspan(begin_, end_ - begin_); }

void LineReader::consume(std::size_t size) {
  CHECK(size <= end_ - begin_);
  begin_ += size;
  scanned_ = 0;
}

Bytes LineReader::take_rest() {
  Bytes rest = copy_of(buffered());
  begin_ = end_ = scanned_ = 0;
  return rest;
}

}  // namespace privyseal::smtp
