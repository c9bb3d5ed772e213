#include "firmware/policy/profile.h"

#include <algorithm>

#include "firmware/base/config_reader.h"
#include "firmware/base/words.h"
#include "firmware/policy/embedded_profiles.h"
#include "firmware/policy/words.h"
#include "firmware/smtp/ascii.h"

namespace privyseal::policy {
namespace {

bool is_field_name(std::string_view name) {
  return !name.empty() && std::ranges::all_of(name, [](char c) { return smtp::is_graphic(c) && c != ':'; });
}

std::vector<Label> labels_of(ConfigReader& reader, std::string_view key) {
  std::vector<Label> labels;
  std::size_t rank = 0;
  for (const std::string& line : reader.texts(key)) {
    for (const std::string& text : parts_of(line, '|')) labels.push_back({normal_phrase(text), rank});
    ++rank;
  }
  if (labels.empty()) reader.refuse(key, "must list labels");
  std::ranges::stable_sort(labels, std::ranges::greater(), [](const Label& l) { return l.text.size(); });
  return labels;
}

std::size_t rank_of(ConfigReader& reader, std::string_view key, const std::vector<Label>& labels) {
  const std::string text = reader.text(key);
  const auto found = std::ranges::find(labels, text, &Label::text);
  if (found != labels.end()) return found->rank;
  reader.refuse(key, "must be one of marking.ranks");
  return 0;
}

std::vector<std::string> phrases(ConfigReader& reader, std::string_view key) {
  std::vector<std::string> list;
  for (const std::string& text : reader.texts(key)) list.push_back(normal_phrase(text));
  std::ranges::stable_sort(list, std::ranges::greater(), &std::string::size);
  return list;
}

std::vector<std::string> lower_texts(ConfigReader& reader, std::string_view key) {
  std::vector<std::string> list = reader.texts(key);
  for (std::string& text : list) text = smtp::lower(text);
  return list;
}

std::vector<FieldPattern> patterns(ConfigReader& reader, std::string_view key) {
  std::vector<FieldPattern> list;
  for (const std::string& text : lower_texts(reader, key)) {
    const std::size_t colon = text.find(':');
    FieldPattern pattern{.name = text.substr(0, colon), .is_prefix = false, .value = {}};
    if (colon != std::string::npos) pattern.value = trimmed(std::string_view(text).substr(colon + 1));
    pattern.is_prefix = pattern.name.ends_with('*');
    if (pattern.is_prefix) pattern.name.pop_back();
    if (!is_field_name(pattern.name)) reader.refuse(key, "must list header fields");
    list.push_back(std::move(pattern));
  }
  return list;
}

std::vector<std::string> field_names(ConfigReader& reader, std::string_view key) {
  std::vector<std::string> names = reader.texts(key);
  if (!std::ranges::all_of(names, is_field_name)) reader.refuse(key, "must list names of header fields");
  return names;
}

std::string field_name(ConfigReader& reader, std::string_view key) {
  std::string name = reader.text(key);
  if (!is_field_name(name)) reader.refuse(key, "must be the name of a header field");
  return name;
}

MarkingWords marking_words(ConfigReader& reader) {
  MarkingWords words;
  words.labels = labels_of(reader, "marking.ranks");
  words.ceiling = rank_of(reader, "marking.ceiling", words.labels);
  words.sensitive = rank_of(reader, "marking.sensitive", words.labels);
  words.harmless = phrases(reader, "marking.harmless");
  words.prefixes = phrases(reader, "marking.prefixes");
  words.caveats = phrases(reader, "marking.caveats");
  words.headers = field_names(reader, "marking.headers");
  words.default_header = field_name(reader, "marking.default_header");
  words.reply_prefixes = lower_texts(reader, "subject.reply_prefixes");
  return words;
}

}  // namespace

Result<Profile> parse_profile(std::string_view toml, std::string_view name) {
  auto config = Config::parse(toml, name);
  if (!config) return std::unexpected(config.error());
  ConfigReader reader(std::move(*config));
  Profile profile;
  profile.version = reader.text("version");
  profile.helpdesk = reader.text("helpdesk");
  profile.marking = marking_words(reader);
  profile.handling_instructions = phrases(reader, "handling.instructions");
  profile.handling_suffix = normal_phrase(reader.text("handling.suffix"));
  profile.handling_header = field_name(reader, "handling.header");
  profile.secure_keywords = lower_texts(reader, "subject.secure_keywords");
  profile.generated = patterns(reader, "automated.generated");
  profile.bulk = patterns(reader, "automated.bulk");
  profile.forwarded = patterns(reader, "automated.forwarded");
  profile.services = patterns(reader, "automated.services");
  profile.service_hosts = lower_texts(reader, "automated.service_hosts");
  if (auto sound = reader.finish(); !sound) return std::unexpected(sound.error());
  return profile;
}

Result<Profile> known_profile(std::string_view version) {
  if (version == "v10.2") return parse_profile(kProfileV102, "profiles/v10.2.toml");
  if (version == "v9.4") return parse_profile(kProfileV94, "profiles/v9.4.toml");
  return fail(ErrorCode::kNotFound, "terms: no such version: " + std::string(version));
}

}  // namespace privyseal::policy
