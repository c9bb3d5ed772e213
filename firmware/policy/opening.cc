#include "firmware/policy/opening.h"

#include "firmware/base/base64.h"
#include "firmware/base/words.h"
#include "firmware/policy/quoted_printable.h"
#include "firmware/smtp/ascii.h"

namespace privyseal::policy {
namespace {

constexpr std::size_t kMaxNesting = 8;  // of multiparts

enum class Encoding { kNone, kQuotedPrintable, kBase64 };

/// The lines of a body, without stuffed dots. A last line without its end is given only when nothing follows.
class Lines {
 public:
  Lines(std::string_view body, bool is_whole, Dots dots) : rest_(body), is_whole_(is_whole), dots_(dots) {}

  std::optional<std::string_view> next() {
    const std::size_t end = rest_.find("\r\n");
    if (end == std::string_view::npos && (!is_whole_ || rest_.empty())) return std::nullopt;
    std::string_view line = rest_.substr(0, end);
    rest_.remove_prefix(end == std::string_view::npos ? rest_.size() : end + 2);
    if (dots_ == Dots::kStuffed && line.starts_with('.')) line.remove_prefix(1);
    return line;
  }

 private:
  std::string_view rest_;
  bool is_whole_;
  Dots dots_;
};

std::string value_of(const Header& header, std::string_view name) {
  const Field* field = header.find(name);
  return field == nullptr ? "" : field->value;
}

/// The boundary parameter of a multipart type, or empty.
std::string boundary_of(const std::string& content_type) {
  const std::string lower = smtp::lower(content_type);
  constexpr std::string_view kName = "boundary=";
  const std::size_t at = lower.find(kName);
  if (!lower.starts_with("multipart/") || at == std::string::npos) return "";
  const std::string_view value = std::string_view(content_type).substr(at + kName.size());
  if (value.starts_with('"')) return std::string(value.substr(1, value.find('"', 1) - 1));
  return std::string(trimmed(value.substr(0, value.find(';'))));
}

bool is_text(const std::string& content_type) {
  return content_type.empty() || smtp::lower(content_type).starts_with("text/plain");
}

Encoding encoding_of(const Header& header) {
  const std::string name = smtp::lower(value_of(header, "content-transfer-encoding"));
  if (name == "base64") return Encoding::kBase64;
  return name == "quoted-printable" ? Encoding::kQuotedPrintable : Encoding::kNone;
}

/// The header of the part that begins next; nothing: it has not come whole.
std::optional<std::string> part_header(Lines& lines) {
  std::string text;
  for (;;) {
    const auto line = lines.next();
    if (!line) return std::nullopt;
    if (line->empty()) return text;
    text.append(*line).append("\r\n");
  }
}

/// The text of one part while its lines come, up to its first line that is not blank.
class PartText {
 public:
  explicit PartText(Encoding encoding) : encoding_(encoding) {}

  void add(std::string_view line) {
    if (encoding_ == Encoding::kNone) {
      keep(line);
    } else if (encoding_ == Encoding::kQuotedPrintable) {
      const bool goes_on = line.ends_with('=');
      pending_ += line.substr(0, line.size() - (goes_on ? 1 : 0));
      if (!goes_on) end_quoted();
    } else if (digits_ < kMaxBase64) {
      const std::string_view digits = trimmed(line);
      digits_ += digits.size();
      pending_ += digits;
      decode(false);
    }
  }

  /// The part is over.
  void end() {
    if (encoding_ == Encoding::kQuotedPrintable) end_quoted();
    if (encoding_ == Encoding::kBase64) decode(true);
  }

  [[nodiscard]] const std::string& line() const { return line_; }

 private:
  static constexpr std::size_t kMaxBase64 = 4096;

  void keep(std::string_view line) {
    if (line_.empty()) line_ = trimmed(line);
  }
  void end_quoted() {
    keep(decode_quoted_printable(pending_, QuotedPrintable::kLine));
    pending_.clear();
  }
  /// Each digit once, however many lines they come in. What is no base64 ends the text.
  void decode(bool is_over) {
    const std::size_t whole = pending_.size() / 4 * 4;
    const auto bytes = from_base64(std::string_view(pending_).substr(0, whole));
    pending_.erase(0, whole);
    if (bytes) text_ += text_of(*bytes);
    std::string_view rest = text_;
    for (std::size_t end = rest.find('\n'); end != std::string_view::npos; end = rest.find('\n')) {
      keep(rest.substr(0, end));
      rest.remove_prefix(end + 1);
    }
    text_.erase(0, text_.size() - rest.size());
    if (!bytes) digits_ = kMaxBase64;
    if (is_over || digits_ >= kMaxBase64) keep(text_);
  }

  const Encoding encoding_;
  std::string pending_;  // digits of base64 that make no whole bytes yet, or a quoted line that goes on
  std::string text_;     // that base64 said, behind its last line end
  std::size_t digits_ = 0;
  std::string line_;
};

bool is_boundary(std::string_view line, std::string_view boundary) {
  return !boundary.empty() && line.starts_with("--") && line.substr(2).starts_with(boundary);
}

/// The line in the text that begins next and ends at `boundary`.
std::optional<std::string> first_line_in(Lines& lines, Encoding encoding, std::string_view boundary,
                                         bool is_whole) {
  PartText text(encoding);
  while (text.line().empty()) {
    const auto line = lines.next();
    if (!line && !is_whole) return std::nullopt;
    if (!line || is_boundary(*line, boundary)) {
      text.end();
      break;
    }
    text.add(*line);
  }
  return text.line();
}

}  // namespace

std::optional<std::string> first_line_of(const Header& header, std::string_view body, bool is_whole,
                                         Dots dots) {
  if (body.size() >= kMaxOpeningBytes) is_whole = true;
  Lines lines(body.substr(0, kMaxOpeningBytes), is_whole, dots);
  auto not_there = is_whole ? std::optional<std::string>("") : std::nullopt;
  std::string type = value_of(header, "content-type");
  Encoding encoding = encoding_of(header);
  std::string boundary;
  for (std::size_t depth = 0; depth < kMaxNesting; ++depth) {
    const std::string inner = boundary_of(type);
    if (inner.empty()) return is_text(type) ? first_line_in(lines, encoding, boundary, is_whole) : "";
    boundary = inner;
    std::optional<std::string_view> line;
    do line = lines.next();
    while (line && !is_boundary(*line, boundary));
    if (!line) return not_there;
    const auto part = part_header(lines);
    if (!part) return not_there;
    const Header fields = parse_header(*part);
    type = value_of(fields, "content-type");
    encoding = encoding_of(fields);
  }
  return "";
}

}  // namespace privyseal::policy
