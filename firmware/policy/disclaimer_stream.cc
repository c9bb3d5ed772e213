#include "firmware/policy/disclaimer_stream.h"

#include <algorithm>
#include <utility>

#include "firmware/base/words.h"
#include "firmware/smtp/ascii.h"

namespace privyseal::policy {
namespace {

constexpr std::size_t kMostLevels = 4;     // mixed, related, alternative, and one more
constexpr std::size_t kMostBoundary = 70;  // RFC 2046 section 5.1.1
constexpr std::size_t kMostBoundaryLine =
    200;  // with the blanks behind it that a host on the way may have added
constexpr std::size_t kMostPartHeader = 8192;
constexpr std::string_view kDashes = "--";

/// Fields that say something of the body's very bytes.
constexpr std::array kBodyFields{std::string_view("content-md5"), std::string_view("content-length")};
constexpr std::string_view kEncodingField = "content-transfer-encoding";
constexpr std::array kSingleFields{std::string_view("content-type"), kEncodingField,
                                   std::string_view("content-disposition")};

bool is_signed(const Header& header) {
  return std::ranges::any_of(header.fields, [](const Field& field) {
    return field.name == "dkim-signature" || field.name == "domainkey-signature" ||
           field.name.starts_with("arc-");
  });
}

bool is_protected(const MediaType& type) {
  return type.name == "multipart/signed" || type.name == "multipart/encrypted" ||
         type.name.contains("pkcs7") || type.name.contains("pgp");
}

bool is_understood(const Header& header) {
  const auto count = [&](std::string_view name) {
    return std::ranges::count(header.fields, name, &Field::name);
  };
  return count("") == 0 && std::ranges::all_of(kSingleFields, [&](auto name) { return count(name) <= 1; }) &&
         std::ranges::none_of(kBodyFields, [&](auto name) { return count(name) > 0; });
}

std::string written(const Header& header, std::string_view name) {
  const Field* field = header.find(name);
  return field == nullptr ? "" : value_as_written(*field);
}

/// A mail or part without the field is plain text (RFC 2045 section 5.2).
std::optional<MediaType> type_of(const Header& header) {
  if (header.find("content-type") == nullptr) return MediaType{.name = "text/plain", .parameters = {}};
  return parse_media_type(written(header, "content-type"));
}

/// Something that is saved under a name is no text of the mail.
bool is_file(const Header& header, const MediaType& type) {
  if (type.has("name")) return true;
  if (header.find("content-disposition") == nullptr) return false;
  const auto disposition = parse_media_type(written(header, "content-disposition"));
  return !disposition || disposition->name != "inline" || disposition->has("filename");
}

bool is_unencoded(std::string_view encoding) {
  return encoding.empty() || encoding == "7bit" || encoding == "8bit";
}

/// Character sets in which ASCII is ASCII, wherever it stands.
bool holds_ascii(std::string_view charset) {
  return charset == "us-ascii" || charset == "ascii" || charset == "utf-8" ||
         charset.starts_with("iso-8859-") || charset.starts_with("windows-125");
}

bool may_be_boundary(std::string_view line) { return kDashes.starts_with(line.substr(0, kDashes.size())); }

}  // namespace

bool DisclaimerRoom::has(std::uint64_t growth) const {
  if (most_bytes == 0) return true;
  return told_bytes && *told_bytes <= most_bytes && most_bytes - *told_bytes >= growth;
}

std::string_view to_string(DisclaimerStream::Outcome outcome) {
  switch (outcome) {
    case DisclaimerStream::Outcome::kUnsuited:
      return "unsuited";
    case DisclaimerStream::Outcome::kProtected:
      return "protected";
    case DisclaimerStream::Outcome::kPresent:
      return "present";
    case DisclaimerStream::Outcome::kAdded:
      return "added";
  }
  return "unsuited";
}

DisclaimerStream::DisclaimerStream(const Disclaimer& disclaimer, const Header& header,
                                   std::uint64_t header_bytes, const DisclaimerRoom& room)
    : disclaimer_(disclaimer), room_(room), mail_bytes_(header_bytes) {
  const auto type = type_of(header);
  if (is_signed(header) || (type && is_protected(*type)))
    stop(Outcome::kProtected);
  else if (type && is_understood(header))
    begin(header, *type);
}

/// The mail as a whole. How long a multipart will be is known only from its sender.
void DisclaimerStream::begin(const Header& header, const MediaType& type) {
  if (begin_text(header, type))
    place_ = Place::kWhole;
  else if (type.name.starts_with("multipart/") && room_.has(disclaimer_.growth_bytes()))
    begin_multipart(header, type);
}

/// What this cannot read is skipped as a whole.
void DisclaimerStream::begin_multipart(const Header& header, const MediaType& type) {
  const bool is_alternative = type.name == "multipart/alternative";
  const bool is_related = type.name == "multipart/related" && !type.has("start");
  const std::string* boundary = type.find("boundary");
  if (!is_alternative && !is_related && type.name != "multipart/mixed") return;
  if (!is_unencoded(smtp::lower(written(header, kEncodingField)))) return;
  if (boundary == nullptr || boundary->empty() || boundary->size() > kMostBoundary ||
      boundary->ends_with(' '))
    return;
  if (levels_.size() == kMostLevels) return;
  // One that begins like another could be taken for it.
  if (std::ranges::any_of(levels_, [&](const Level& level) {
        return boundary->starts_with(level.boundary) || level.boundary.starts_with(*boundary);
      }))
    return stop(Outcome::kUnsuited);
  levels_.push_back({.boundary = *boundary, .is_alternative = is_alternative});
  place_ = Place::kSkip;
}

/// Whether something can be put below it.
bool DisclaimerStream::begin_text(const Header& header, const MediaType& type) {
  const bool is_html = type.name == "text/html";
  if ((!is_html && type.name != "text/plain") || is_file(header, type)) return false;
  if (std::exchange(was_there_.at(is_html ? 1 : 0), true)) return false;
  const std::string encoding = smtp::lower(written(header, kEncodingField));
  const bool is_quoted = encoding == "quoted-printable";
  if (!is_quoted && !is_unencoded(encoding)) return false;
  const std::string* found = type.find("charset");
  if (found == nullptr && type.has("charset")) return false;
  const std::string charset = found == nullptr ? "us-ascii" : smtp::lower(*found);
  const DisclaimerForm& form = is_html ? disclaimer_.html : disclaimer_.plain;
  const bool may_be_8bit = charset == "utf-8" && (is_quoted || (encoding == "8bit" && room_.eight_bit));
  if (form.is_ascii ? !holds_ascii(charset) : !may_be_8bit) return false;
  const TextKind kind = is_html ? TextKind::kHtml : TextKind::kPlain;
  const auto decoding = is_quoted ? TextEncoding::kQuotedPrintable : TextEncoding::kNone;
  text_.emplace(PartSearch(form.phrase, kind, decoding), is_quoted ? form.quoted : form.raw);
  return true;
}

/// The part's header is whole.
void DisclaimerStream::begin_part() {
  const Header header = parse_header(part_header_);
  const auto type = type_of(header);
  const bool is_text = levels_.back().is_alternative || levels_.back().parts == 1;
  place_ = Place::kSkip;
  if (is_signed(header) || (type && is_protected(*type))) return stop(Outcome::kProtected);
  if (!type || !is_understood(header)) return stop(Outcome::kUnsuited);
  if (!is_text) return;
  if (type->name.starts_with("multipart/"))
    begin_multipart(header, *type);
  else if (begin_text(header, *type))
    place_ = Place::kPart;
}

void DisclaimerStream::stop(Outcome outcome) {
  outcome_ = std::max(outcome_, outcome);
  place_ = Place::kPass;
}

/// Whether any part that is still to come may be a text.
bool DisclaimerStream::may_have_text() const {
  return std::ranges::any_of(levels_, &Level::is_alternative) ||
         (!levels_.empty() && levels_.back().parts <= 1);
}

/// Of a multipart that was asked before. Of another mail all bytes are here: a sender may have told too few.
bool DisclaimerStream::has_room(std::uint64_t growth) const {
  if (place_ == Place::kPart || room_.most_bytes == 0) return true;
  const bool is_announced = !room_.told_bytes || room_.has(disclaimer_.growth_bytes());
  return is_announced && mail_bytes_ + growth <= room_.most_bytes;
}

/// The text is over, and what comes now is none of it.
void DisclaimerStream::finish_text() {
  if (!text_) return;
  const PartSearch& search = text_->search;
  if (search.has_wanted()) {
    outcome_ = std::max(outcome_, Outcome::kPresent);
  } else if (search.has_pgp()) {
    stop(Outcome::kProtected);
  } else if (!search.is_in_tag() && has_room(text_->addition.size())) {
    out_ += text_->addition;
    outcome_ = Outcome::kAdded;
  }
}

std::string_view DisclaimerStream::feed(std::string_view body) {
  mail_bytes_ += body.size();
  if (place_ == Place::kPass && held_.empty()) return body;
  if (place_ == Place::kWhole) {
    if (text_) text_->search.feed(body);
    if (!body.empty()) at_line_start_ = body.ends_with('\n');
    return body;
  }
  out_.clear();
  while (!body.empty() && place_ != Place::kPass) take(body);
  out_ += body;
  return out_;
}

/// A line, or as much of it as is there.
void DisclaimerStream::take(std::string_view& rest) {
  const std::size_t newline = rest.find('\n');
  const std::string_view piece = rest.substr(0, newline == std::string_view::npos ? newline : newline + 1);
  rest.remove_prefix(piece.size());
  const bool is_over = piece.ends_with('\n');
  if (!std::exchange(at_line_start_, is_over)) return take_content(piece);
  held_ += piece;
  if (!may_be_boundary(held_)) return take_content(std::exchange(held_, ""));
  if (is_over) return take_boundary(std::exchange(held_, ""));
  if (held_.size() <= kMostBoundaryLine) {
    at_line_start_ = true;  // it has only begun
    return;
  }
  take_boundary(std::exchange(held_, ""));
}

void DisclaimerStream::take_content(std::string_view text) {
  out_ += text;
  if (place_ == Place::kPart && text_) text_->search.feed(text);
  if (place_ != Place::kHeader) return;
  part_header_ += text;
  if (part_header_.size() > kMostPartHeader) return stop(Outcome::kUnsuited);
  if (part_header_ == "\r\n" || part_header_.ends_with("\r\n\r\n")) begin_part();
}

/// A line that begins with two hyphens. One that is nearly a boundary is read differently by different
/// programs.
void DisclaimerStream::take_boundary(std::string_view line) {
  const auto level = std::ranges::find_if(
      levels_, [&](const Level& each) { return line.substr(kDashes.size()).starts_with(each.boundary); });
  if (level == levels_.end()) return take_content(line);
  std::string_view behind = line.substr(kDashes.size() + level->boundary.size());
  const bool is_last = behind.starts_with(kDashes);
  if (is_last) behind.remove_prefix(kDashes.size());
  const bool is_innermost = level + 1 == levels_.end();
  if (!is_innermost || line.size() > kMostBoundaryLine || !trimmed(behind).empty()) {
    out_ += line;
    return stop(Outcome::kUnsuited);
  }
  if (place_ == Place::kPart) finish_text();
  out_ += line;
  if (place_ == Place::kPass) return;
  place_ = is_last ? Place::kSkip : Place::kHeader;
  part_header_.clear();
  if (is_last)
    levels_.pop_back();
  else
    ++level->parts;
  if (!may_have_text()) place_ = Place::kPass;
}

std::string_view DisclaimerStream::end() {
  out_ = std::exchange(held_, "");
  if (place_ == Place::kWhole && at_line_start_) finish_text();
  place_ = Place::kPass;
  return out_;
}

}  // namespace privyseal::policy
