#include "firmware/policy/marking.h"

#include <algorithm>

#include "firmware/base/words.h"
#include "firmware/policy/words.h"
#include "firmware/smtp/ascii.h"

namespace privyseal::policy {
namespace {

constexpr std::string_view kSeparators = "-:;/|,.()[]{}";
constexpr std::string_view kDecoration = " *#=_\"'.!>-:;|/";
constexpr std::size_t kMostText = 998;  // of a subject or line; what is behind is no place for a marking

enum class SetOff {
  kByBlank,  ///< the label is the only word in capitals: a blank is enough
  kBySign,   ///< prose could stand around it: a sign, or nothing, must follow
};

/// Dashes of Unicode are dashes here, and blanks are single.
std::string plain(std::string_view text) {
  std::string result;
  for (std::size_t i = 0; i < std::min(text.size(), kMostText); ++i) {
    const std::string_view rest = text.substr(i);
    const bool is_dash = rest.starts_with("\xE2\x80\x93") || rest.starts_with("\xE2\x80\x94");
    const bool is_blank = text[i] == ' ' || text[i] == '\t' || rest.starts_with("\xC2\xA0");
    if (is_dash) {
      result += " - ";
      i += 2;
    } else if (is_blank) {
      if (!result.ends_with(' ')) result += ' ';
      if (text[i] == '\xC2') ++i;
    } else {
      result += text[i];
    }
  }
  return result;
}

std::string_view without_ends(std::string_view text, std::string_view signs) {
  const std::size_t first = text.find_first_not_of(signs);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(signs) - first + 1);
}

bool begins_with_word(std::string_view text, std::string_view word) {
  return text.starts_with(word) && is_word_end(text, word.size());
}

bool ends_with_word(std::string_view text, std::string_view word) {
  if (!text.ends_with(word)) return false;
  const std::size_t at = text.size() - word.size();
  return at == 0 || text[at - 1] == ' ' || kSeparators.contains(text[at - 1]);
}

/// What follows a label is not a part of a sentence.
bool is_set_off(const MarkingWords& words, std::string_view rest, SetOff how) {
  rest = trimmed(rest);
  if (how == SetOff::kByBlank || rest.empty() || kSeparators.contains(rest.front())) return true;
  return std::ranges::any_of(words.caveats,
                             [&](const auto& caveat) { return begins_with_word(rest, caveat); });
}

std::optional<Label> label_at_start(const MarkingWords& words, std::string_view text, SetOff how) {
  text = without_ends(text, kDecoration);
  const auto begins = [&](std::string_view phrase) { return begins_with_word(text, phrase); };
  if (std::ranges::any_of(words.harmless, begins)) return std::nullopt;
  const auto prefix = std::ranges::find_if(words.prefixes, begins);
  if (prefix != words.prefixes.end()) text = trimmed(text.substr(prefix->size()));
  const auto label = std::ranges::find_if(words.labels, [&](const Label& l) { return begins(l.text); });
  if (label == words.labels.end()) return std::nullopt;
  if (!is_set_off(words, text.substr(label->text.size()), how)) return std::nullopt;
  return *label;
}

std::optional<Label> label_at_end(const MarkingWords& words, std::string_view text, SetOff how) {
  text = without_ends(text, kDecoration);
  const auto ends = [&](std::string_view phrase) { return ends_with_word(text, phrase); };
  if (std::ranges::any_of(words.harmless, ends)) return std::nullopt;
  const auto cut = [&](const std::vector<std::string>& phrases) {
    const auto found = std::ranges::find_if(phrases, ends);
    if (found != phrases.end()) text = trimmed(text.substr(0, text.size() - found->size()));
  };
  cut(words.caveats);
  const auto label = std::ranges::find_if(words.labels, [&](const Label& l) { return ends(l.text); });
  if (label == words.labels.end()) return std::nullopt;
  text = trimmed(text.substr(0, text.size() - label->text.size()));
  cut(words.prefixes);
  if (how == SetOff::kBySign && !text.empty() && !kSeparators.contains(text.back())) return std::nullopt;
  return *label;
}

/// "Re: FW: x" is x.
std::string_view without_reply_prefixes(std::string_view text, const std::vector<std::string>& prefixes) {
  for (;;) {
    text = trimmed(text);
    const std::size_t colon = text.find(':');
    if (colon == std::string_view::npos) return text;
    const std::string word = smtp::lower(trimmed(text.substr(0, text.find_first_of(":["))));
    if (!std::ranges::contains(prefixes, word)) return text;
    text.remove_prefix(colon + 1);
  }
}

void keep_highest(std::optional<Label>& highest, const std::optional<Label>& found) {
  if (found && (!highest || found->rank > highest->rank)) highest = found;
}

/// The subject without its brackets, and what stood in them.
struct Split {
  std::string outside;
  std::vector<std::string> inside;
};

Split split_brackets(std::string_view text) {
  Split split;
  std::string* to = &split.outside;
  for (const char c : text) {
    if (std::string_view("[({").contains(c)) {
      split.outside += c;  // stays a sign
      to = &split.inside.emplace_back();
    } else if (std::string_view("])}").contains(c)) {
      to = &split.outside;
    } else {
      *to += c;
    }
  }
  return split;
}

std::optional<Label> marking_of_subject(const MarkingWords& words, std::string_view subject) {
  std::optional<Label> highest;
  const Split split = split_brackets(plain(subject));
  for (const std::string& inside : split.inside)
    keep_highest(highest, label_at_start(words, normal_phrase(inside), SetOff::kBySign));
  const std::string_view outside =
      without_ends(without_reply_prefixes(split.outside, words.reply_prefixes), " [({");
  const bool has_small = std::ranges::any_of(outside, [](char c) { return c >= 'a' && c <= 'z'; });
  const SetOff how = has_small ? SetOff::kByBlank : SetOff::kBySign;
  keep_highest(highest, label_at_start(words, outside, how));
  keep_highest(highest, label_at_end(words, outside, how));
  return highest;
}

std::optional<Label> marking_of_field(const MarkingWords& words, std::string_view value) {
  std::optional<Label> highest;
  for (const std::string& section : parts_of(plain(value), ';')) {
    for (const std::string& part : parts_of(section, ',')) {
      const std::string_view content = std::string_view(part).substr(part.find('=') + 1);
      keep_highest(highest, label_at_start(words, normal_phrase(content), SetOff::kBySign));
    }
  }
  return highest;
}

std::optional<Label> marking_of_line(const MarkingWords& words, std::string_view line) {
  const std::string text = plain(line);
  const std::string_view body = trimmed(text);
  if (!body.starts_with('[') && !body.starts_with('(')) return label_at_start(words, body, SetOff::kBySign);
  const std::string inside = normal_phrase(body.substr(1, body.find_first_of("])") - 1));
  return label_at_start(words, inside, SetOff::kBySign);
}

}  // namespace

std::optional<Label> marking_in(const MarkingWords& words, const MarkedText& text) {
  std::optional<Label> highest;
  for (const std::string& value : text.labels) keep_highest(highest, marking_of_field(words, value));
  for (const std::string& subject : text.subjects) keep_highest(highest, marking_of_subject(words, subject));
  keep_highest(highest, marking_of_line(words, text.first_line));
  return highest;
}

bool has_instruction(const Profile& profile, const MarkedText& text) {
  const auto tells = [&](const std::string& place) {
    const std::string line = plain(place);
    const auto stands = [&](const std::string& phrase) { return contains_phrase(line, phrase); };
    if (std::ranges::any_of(profile.handling_instructions, stands)) return true;
    const std::size_t suffix = line.find(' ' + profile.handling_suffix);
    return suffix != std::string::npos && suffix > 0 &&
           is_word_end(line, suffix + 1 + profile.handling_suffix.size());
  };
  return std::ranges::any_of(text.subjects, tells) || tells(text.first_line);
}

}  // namespace privyseal::policy
