#include "firmware/policy/part_search.h"

#include <charconv>
#include <utility>

#include "firmware/base/words.h"
#include "firmware/smtp/ascii.h"

namespace privyseal::policy {
namespace {

constexpr std::string_view kTagBegins = "/!?";  // behind <, or a letter

const Phrase& pgp() {
  static const Phrase phrase("-----BEGINPGP");
  return phrase;
}

bool is_hex(char c) { return smtp::is_digit(c) || (smtp::lower(c) >= 'a' && smtp::lower(c) <= 'f'); }

char byte_of(std::string_view two_digits) {
  unsigned value = 0;
  std::from_chars(two_digits.data(), two_digits.data() + two_digits.size(), value, 16);
  return static_cast<char>(value);
}

/// `matched` as Phrase::next(); true from when it is found on.
bool found(const Phrase& phrase, std::size_t& matched, char sign) {
  matched = phrase.next(matched, sign);
  if (phrase.signs().empty() || matched < phrase.signs().size()) return false;
  matched = 0;
  return true;
}

}  // namespace

void SignReader::take(char c, std::string& signs) {
  const bool is_stuffed = std::exchange(at_line_start_, c == '\n') && c == '.';
  if (is_stuffed) return;
  if (encoding_ == TextEncoding::kQuotedPrintable)
    take_quoted(c, signs);
  else
    take_decoded(c, signs);
}

/// A line end ends every escape: what stands behind it is never read differently for what was before.
void SignReader::take_quoted(char c, std::string& signs) {
  if (c == '\n') escape_.clear();
  if (escape_.empty()) {
    if (c == '=')
      escape_ = c;
    else
      take_decoded(c, signs);
    return;
  }
  if (kBlanks.contains(c) && escape_ == "=") return;  // a soft line break, perhaps with blanks in it
  escape_ += c;
  if (is_hex(c) && escape_.size() == 2) return;
  const std::string escape = std::exchange(escape_, "");
  if (is_hex(c)) return take_decoded(byte_of(std::string_view(escape).substr(1)), signs);
  for (const char each : escape) take_decoded(each, signs);
}

void SignReader::take_decoded(char c, std::string& signs) {
  if (is_in_tag_) {
    is_in_tag_ = c != '>';
    return;
  }
  if (std::exchange(after_lt_, false)) {
    is_in_tag_ = smtp::is_alpha(c) || kTagBegins.contains(c);
    if (is_in_tag_) return;
    signs += '<';
  }
  after_lt_ = kind_ == TextKind::kHtml && c == '<';
  if (!after_lt_ && c != '>' && !kBlanks.contains(c)) signs += c;
}

std::string signs_of(std::string_view text, TextKind kind, TextEncoding encoding) {
  SignReader reader(kind, encoding);
  std::string signs;
  for (const char c : text) reader.take(c, signs);
  return signs;
}

Phrase::Phrase(std::string signs) : signs_(std::move(signs)), shorter_(signs_.size() + 1, 0) {
  for (std::size_t size = 1; size < signs_.size(); ++size)
    shorter_[size + 1] = next(shorter_[size], signs_[size]);
}

std::size_t Phrase::next(std::size_t matched, char c) const {
  if (signs_.empty()) return 0;
  while (matched > 0 && signs_[matched] != c) matched = shorter_[matched];
  return signs_[matched] == c ? matched + 1 : 0;
}

void PartSearch::feed(std::string_view bytes) {
  for (const char c : bytes) {
    reader_.take(c, signs_);
    for (const char sign : signs_) {
      has_wanted_ = found(wanted_, matched_wanted_, sign) || has_wanted_;
      has_pgp_ = found(pgp(), matched_pgp_, sign) || has_pgp_;
    }
    signs_.clear();
  }
}

}  // namespace privyseal::policy
