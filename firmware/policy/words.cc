#include "firmware/policy/words.h"

#include "firmware/smtp/ascii.h"

namespace privyseal::policy {
namespace {

constexpr std::string_view kBlanks = " \t\r\n";

constexpr char upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; }

/// A byte over 127 is a part of some letter.
bool is_word_byte(char c) { return smtp::is_alnum(c) || c == '-' || (c & '\x80') != 0; }

}  // namespace

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

std::vector<std::string> parts_of(std::string_view text, char separator) {
  std::vector<std::string> parts;
  for (;;) {
    const std::size_t end = text.find(separator);
    const std::string_view part = trimmed(text.substr(0, end));
    if (!part.empty()) parts.emplace_back(part);
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

std::string normal_phrase(std::string_view text) {
  std::string phrase;
  for (const char c : trimmed(text)) {
    const bool is_blank = kBlanks.contains(c);
    if (is_blank && phrase.ends_with(' ')) continue;
    phrase += is_blank ? ' ' : upper(c);
  }
  return phrase;
}

bool is_word_end(std::string_view text, std::size_t at) {
  if (at < text.size() && text[at] == '-') ++at;  // a hyphen goes on with a word only when more of it follows
  return at >= text.size() || !is_word_byte(text[at]);
}

bool contains_phrase(std::string_view text, std::string_view phrase) {
  if (phrase.empty()) return false;
  for (std::size_t at = text.find(phrase); at != std::string_view::npos; at = text.find(phrase, at + 1)) {
    const bool begins = at == 0 || !is_word_byte(text[at - 1]);
    if (begins && is_word_end(text, at + phrase.size())) return true;
  }
  return false;
}

}  // namespace privyseal::policy
