#include "firmware/policy/header.h"

#include <algorithm>

#include "firmware/base/base64.h"
#include "firmware/base/words.h"
#include "firmware/policy/quoted_printable.h"
#include "firmware/policy/words.h"
#include "firmware/smtp/address.h"
#include "firmware/smtp/ascii.h"

namespace privyseal::policy {
namespace {

bool is_blank(char c) { return c == ' ' || c == '\t'; }

std::string unfolded(std::string_view lines) {
  std::string value;
  for (const char c : lines)
    if (c != '\r' && c != '\n') value += c;
  return std::string(trimmed(value));
}

Field field_of(std::string_view raw) {
  const std::size_t colon = raw.find(':');
  const std::string_view name = trimmed(raw.substr(0, colon));
  const bool is_name =
      colon != std::string_view::npos && !name.empty() && std::ranges::all_of(name, smtp::is_graphic);
  if (!is_name) return {.name = {}, .value = {}, .raw = raw};
  return {.name = smtp::lower(name), .value = decode_words(unfolded(raw.substr(colon + 1))), .raw = raw};
}

/// One encoded word at the start of `text`.
struct EncodedWord {
  std::string meaning;
  std::size_t size;
};

std::optional<EncodedWord> encoded_word(std::string_view text) {
  if (!text.starts_with("=?")) return std::nullopt;
  const std::size_t charset_end = text.find('?', 2);
  if (charset_end == std::string_view::npos || charset_end + 2 >= text.size() || text[charset_end + 2] != '?')
    return std::nullopt;
  // No further than a word can go on: this is asked at each "=?" of what a stranger wrote.
  const std::size_t end = text.find_first_of("? \t", charset_end + 3);
  if (end == std::string_view::npos || !text.substr(end).starts_with("?=")) return std::nullopt;
  const std::string_view content = text.substr(charset_end + 3, end - charset_end - 3);
  const char how = smtp::lower(text[charset_end + 1]);
  if (how == 'q') return EncodedWord{decode_quoted_printable(content, QuotedPrintable::kWord), end + 2};
  if (how != 'b') return std::nullopt;
  const auto bytes = from_base64(content);
  if (!bytes) return std::nullopt;
  return EncodedWord{std::string(text_of(*bytes)), end + 2};
}

void skip_escaped(std::string_view& rest) {
  rest.remove_prefix(std::min<std::size_t>(rest.front() == '\\' ? 2 : 1, rest.size()));
}

/// And blanks (RFC 5322 section 3.2.2). False: a comment is not closed.
bool skip_comments(std::string_view& rest) {
  std::size_t depth = 0;
  for (; !rest.empty(); skip_escaped(rest)) {
    const char c = rest.front();
    if (depth == 0 && c != '(' && !is_blank(c)) return true;
    if (c == '(') ++depth;
    if (c == ')') --depth;
  }
  return depth == 0;
}

/// `rest` begins with a quotation mark. False: there is no second one.
bool skip_quoted(std::string_view& rest) {
  rest.remove_prefix(1);
  while (!rest.empty()) {
    const bool is_end = rest.front() == '"';
    skip_escaped(rest);
    if (is_end) return true;
  }
  return false;
}

/// `rest` begins with the @ in front of it.
std::string take_domain(std::string_view& rest) {
  rest.remove_prefix(1);
  const auto end = std::ranges::find_if(
      rest, [](char c) { return !smtp::is_alnum(c) && c != '-' && c != '.' && (c & '\x80') == 0; });
  const std::string_view domain = rest.substr(0, static_cast<std::size_t>(end - rest.begin()));
  rest.remove_prefix(domain.size());
  return smtp::normal_domain(domain);
}

/// Whether the domain is over here. In old mail it may go on behind a blank or a comment (RFC 5322 section
/// 4.4), and not every program knows that.
bool is_behind_domain(std::string_view rest) {
  return skip_comments(rest) && (rest.empty() || std::string_view(">,;:<").contains(rest.front()));
}

/// What decoding brought to light must not look like more than one line.
void make_one_line(std::string& text) {
  std::ranges::replace_if(text, [](char c) { return (c >= 0 && c < ' ') || c == '\x7f'; }, ' ');
}

}  // namespace

const Field* Header::find(std::string_view lower_name) const {
  const auto found = std::ranges::find(fields, lower_name, &Field::name);
  return found == fields.end() ? nullptr : &*found;
}

std::vector<std::string> Header::values(std::string_view lower_name) const {
  std::vector<std::string> found;
  for (const Field& field : fields)
    if (field.name == lower_name) found.push_back(field.value);
  return found;
}

std::vector<std::string> Header::values_as_written(std::string_view lower_name) const {
  std::vector<std::string> found;
  for (const Field& field : fields)
    if (field.name == lower_name) found.push_back(value_as_written(field));
  return found;
}

bool Header::has(const FieldPattern& pattern) const {
  return std::ranges::any_of(fields, [&](const Field& field) {
    const bool is_named =
        pattern.is_prefix ? field.name.starts_with(pattern.name) : field.name == pattern.name;
    if (!is_named || pattern.value.empty()) return is_named;
    return smtp::lower(field.value).starts_with(pattern.value) &&
           is_word_end(field.value, pattern.value.size());
  });
}

bool Header::has_any(const std::vector<FieldPattern>& patterns) const {
  return std::ranges::any_of(patterns, [&](const FieldPattern& pattern) { return has(pattern); });
}

std::optional<std::size_t> find_body(std::string_view mail, std::size_t searched) {
  constexpr std::string_view kEnd = "\r\n\r\n";
  if (mail.starts_with("\r\n")) return 2;
  const std::size_t from = searched < kEnd.size() ? 0 : searched - kEnd.size();
  const std::size_t end = mail.find(kEnd, from);
  if (end == std::string_view::npos) return std::nullopt;
  return end + kEnd.size();
}

bool has_hidden_line(std::string_view header) {
  while (!header.empty()) {
    if (header.starts_with('.') && !header.starts_with("..")) return true;
    const std::size_t newline = header.find('\n');
    header.remove_prefix(newline == std::string_view::npos ? header.size() : newline + 1);
  }
  return false;
}

Header parse_header(std::string_view text) {
  Header header;
  std::size_t begin = 0;
  while (begin < text.size()) {
    std::size_t end = begin;
    do {
      const std::size_t newline = text.find('\n', end);
      end = newline == std::string_view::npos ? text.size() : newline + 1;
    } while (end < text.size() && is_blank(text[end]));
    const std::string_view raw = text.substr(begin, end - begin);
    if (raw == "\r\n" && end == text.size()) break;
    header.fields.push_back(field_of(raw));
    begin = end;
  }
  return header;
}

std::string value_as_written(const Field& field) {
  const std::size_t colon = field.raw.find(':');
  return colon == std::string_view::npos ? std::string() : unfolded(field.raw.substr(colon + 1));
}

std::optional<std::vector<std::string>> domains_in(std::string_view rest) {
  std::vector<std::string> domains;
  std::optional<std::size_t> before_bracket;  // so many domains were before the < that is open
  for (;;) {
    if (!skip_comments(rest)) return std::nullopt;
    if (rest.empty()) break;
    const char c = rest.front();
    if (c == '"' && skip_quoted(rest)) continue;
    if (c == '"' || c == '\\') return std::nullopt;
    if (c == '@') {
      domains.push_back(take_domain(rest));
      if (!is_behind_domain(rest)) return std::nullopt;
      continue;
    }
    if (c == '<' && before_bracket) return std::nullopt;
    if (c == '>' && domains.size() == before_bracket.value_or(domains.size())) return std::nullopt;
    if (c == '<') before_bracket = domains.size();
    if (c == '>') before_bracket.reset();
    rest.remove_prefix(1);
  }
  if (before_bracket) return std::nullopt;
  return domains;
}

std::string decode_words(std::string_view value) {
  std::string decoded;
  std::size_t after_word = std::string::npos;  // where only blanks followed an encoded word
  std::size_t at = 0;
  while (at < value.size()) {
    const auto word = encoded_word(value.substr(at));
    if (!word) {
      if (!is_blank(value[at])) after_word = std::string::npos;
      decoded += value[at++];
      continue;
    }
    // Blanks between two encoded words are not meant (section 6.2).
    if (after_word != std::string::npos) decoded.resize(after_word);
    decoded += word->meaning;
    after_word = decoded.size();
    at += word->size;
  }
  make_one_line(decoded);
  return decoded;
}

}  // namespace privyseal::policy
