#include "firmware/smtp/dot_stream.h"

#include <algorithm>

#include "firmware/base/check.h"

namespace privyseal::smtp {

std::string_view to_string(Violation violation) {
  switch (violation) {
    case Violation::kNone:
      return "none";
    case Violation::kBareCr:
      return "bare CR";
    case Violation::kBareLf:
      return "bare LF";
    case Violation::kNul:
      return "NUL byte";
    case Violation::kLineTooLong:
      return "line too long";
  }
  return "unknown violation";
}

std::string_view DotStream::kept_back() const {
  switch (place_) {
    case Place::kDot:
      return ".";
    case Place::kDotCr:
      return ".\r";
    case Place::kCr:
      return "\r";
    default:
      return {};
  }
}

DotStream::Step DotStream::feed(ByteView input) {
  CHECK(place_ != Place::kEnded);
  if (place_ == Place::kViolated) return violated(why_, input.size());
  const std::string_view before = kept_back();
  const std::string_view text = text_of(input);
  const std::size_t nul = text.find('\0');
  const std::size_t consumed = scan(text.substr(0, nul));
  if (place_ == Place::kViolated) return violated(why_, input.size());
  if (place_ != Place::kEnded && nul != std::string_view::npos) {
    const bool after_cr = place_ == Place::kCr || place_ == Place::kDotCr;
    return violated(after_cr ? Violation::kBareCr : Violation::kNul, input.size());
  }
  // What must stay here: the end for ever, a CR or a leading dot until it is known what follows.
  const bool is_end = place_ == Place::kEnded;
  const std::size_t stays = is_end ? kEndOfData.size() : kept_back().size();
  Step step{.state = is_end ? State::kEnd : State::kMore, .held = {}, .forward = {}, .consumed = consumed};
  if (stays <= consumed) {
    step.held = bytes_of(before);
    step.forward = input.first(consumed - stays);
  }
  return step;
}

std::size_t DotStream::scan(std::string_view text) {
  std::size_t at = 0;
  while (at < text.size() && place_ != Place::kViolated) {
    const char c = text[at];
    switch (place_) {
      case Place::kLineStart:
        place_ = c == '.' ? Place::kDot : Place::kText;
        at += c == '.';
        break;
      case Place::kDot:  // ".." and ".x" alike: the receiver drops the dot (section 4.5.2)
        place_ = c == '\r' ? Place::kDotCr : Place::kText;
        at += c == '\r';
        break;
      case Place::kDotCr:
        if (c != '\n') return violate(Violation::kBareCr);
        place_ = Place::kEnded;
        return at + 1;
      case Place::kText:
        at += scan_text(text.substr(at));
        break;
      case Place::kCr:
        if (c != '\n') return violate(Violation::kBareCr);
        place_ = Place::kLineStart;
        line_bytes_ = 0;
        size_bytes_ += 2;
        ++at;
        break;
      case Place::kEnded:
      case Place::kViolated:
        CHECK(false);
    }
  }
  return at;
}

/// To the CR of this line, or as far as the input goes. One byte more than a line may have is
/// enough to see, so that endless lines cost no endless search.
std::size_t DotStream::scan_text(std::string_view rest) {
  const std::size_t room = kMaxTextLine - line_bytes_;
  const std::string_view window = rest.substr(0, room + 1);
  const std::size_t cr = window.find('\r');
  const std::string_view text = window.substr(0, cr);
  if (text.contains('\n')) return violate(Violation::kBareLf);
  if (text.size() > room) return violate(Violation::kLineTooLong);
  line_bytes_ += text.size();
  size_bytes_ += text.size();
  if (cr == std::string_view::npos) return text.size();
  place_ = Place::kCr;
  return text.size() + 1;
}

std::size_t DotStream::violate(Violation why) {
  place_ = Place::kViolated;
  why_ = why;
  return 0;
}

DotStream::Step DotStream::violated(Violation why, std::size_t input_size) {
  violate(why);
  return {.state = State::kViolation, .held = {}, .forward = {}, .consumed = input_size, .why = why};
}

}  // namespace privyseal::smtp
