#include "firmware/policy/words.h"

#include "firmware/base/words.h"
#include "firmware/smtp/ascii.h"

namespace privyseal::policy {
namespace {

constexpr char upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; }

/// A byte over 127 is a part of some letter.
bool is_word_byte(char c) { return smtp::is_alnum(c) || c == '-' || (c & '\x80') != 0; }

}  // namespace

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
