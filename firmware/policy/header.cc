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

std::vector<std::string> domains_in(std::string_view value) {
  std::vector<std::string> domains;
  bool is_quoted = false;
  std::size_t depth = 0;  // of comments
  for (std::size_t i = 0; i < value.size(); ++i) {
    const char c = value[i];
    if (c == '\\' && (is_quoted || depth > 0)) {
      ++i;
    } else if (is_quoted) {
      is_quoted = c != '"';
    } else if (c == '"' && depth == 0) {
      is_quoted = true;
    } else if (c == '(') {
      ++depth;
    } else if (c == ')' && depth > 0) {
      --depth;
    } else if (c == '@' && depth == 0) {
      const std::string_view rest = value.substr(i + 1);
      const auto end = std::ranges::find_if(
          rest, [](char d) { return !smtp::is_alnum(d) && d != '-' && d != '.' && (d & '\x80') == 0; });
      domains.push_back(smtp::normal_domain(rest.substr(0, static_cast<std::size_t>(end - rest.begin()))));
    }
  }
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
