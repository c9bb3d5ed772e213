#include "firmware/policy/rules.h"

#include <algorithm>
#include <array>

#include "firmware/base/check.h"
#include "firmware/base/config_reader.h"
#include "firmware/policy/words.h"
#include "firmware/smtp/ascii.h"

namespace privyseal::policy {
namespace {

constexpr std::int64_t kMostPerHour = 1'000'000;
constexpr std::uint32_t kSenderPerHour = 200;
constexpr std::uint32_t kOrganisationPerHour = 2000;
constexpr std::size_t kMostContact = 200;  // of bytes: the reply is one line

template <class Choice>
struct Name {
  std::string_view name;
  Choice choice;
};
constexpr std::array kModes{Name{"off", Mode::kOff}, Name{"warn", Mode::kWarn},
                            Name{"enforce", Mode::kEnforce}};
constexpr std::array kUnmarked{Name{"allow", Unmarked::kAllow}, Name{"default", Unmarked::kDefault},
                               Name{"refuse", Unmarked::kRefuse}};

struct RuleKey {
  std::string_view key;
  Mode Options::* mode;
};
constexpr std::array kRuleKeys{
    RuleKey{"rules.registered_sender", &Options::registered_sender},
    RuleKey{"rules.from_header", &Options::from_header},
    RuleKey{"rules.handling", &Options::handling},
    RuleKey{"rules.automated", &Options::automated},
    RuleKey{"rules.bulk", &Options::bulk},
    RuleKey{"rules.auto_forward", &Options::auto_forward},
    RuleKey{"rules.shared_service", &Options::shared_service},
    RuleKey{"rules.assured", &Options::assured},
    RuleKey{"rules.retired_recipient", &Options::retired_recipient},
};

template <class Names, class Choice>
void choose(ConfigReader& reader, std::string_view key, const Names& names, Choice& choice) {
  if (!reader.has(key)) return;
  const std::string text = reader.text(key);
  std::string known;
  for (const auto& name : names) {
    if (name.name == text) choice = name.choice;
    known += (known.empty() ? "" : ", ") + std::string(name.name);
  }
  if (std::ranges::none_of(names, [&](const auto& name) { return name.name == text; }))
    reader.refuse(key, "must be one of " + known);
}

/// What we put into a mail or a reply is one line of plain text.
void read_line(ConfigReader& reader, std::string_view key, std::string& line) {
  line = reader.text(key, line);
  if (line.size() > kMostContact || !std::ranges::all_of(line, smtp::is_printable))
    reader.refuse(key, "must be a short line of ASCII");
}

void read_limits(ConfigReader& reader, Options& options) {
  options.recipients = reader.number("limits.recipients", options.recipients, 0, 1000);
  options.blind_recipients = reader.number("limits.blind_recipients", options.blind_recipients, 0, 1000);
  options.sender_per_hour = reader.number("limits.sender_per_hour", kSenderPerHour, 0, kMostPerHour);
  options.organisation_per_hour =
      reader.number("limits.organisation_per_hour", kOrganisationPerHour, 0, kMostPerHour);
  options.assured_max_days = reader.number("limits.assured_max_days", options.assured_max_days, 1, 3650);
}

/// HTML is made of the text where there is none of its own.
void read_disclaimer(ConfigReader& reader, std::optional<Disclaimer>& disclaimer) {
  constexpr std::string_view kText = "disclaimer.text";
  constexpr std::string_view kHtml = "disclaimer.html";
  const std::string text = reader.text(kText, "");
  const std::string html = reader.text(kHtml, "");
  if (text.empty() && !html.empty()) reader.refuse(kText, "is needed beside disclaimer.html");
  if (text.empty()) return;
  disclaimer.emplace();
  disclaimer->plain = reader.taken(kText, plain_disclaimer(text));
  disclaimer->html = reader.taken(kHtml, html_disclaimer(html.empty() ? html_of(text) : html));
}

}  // namespace

Result<Options> parse_options(std::string_view toml, std::string_view name) {
  auto config = Config::parse(toml, name);
  if (!config) return std::unexpected(config.error());
  ConfigReader reader(std::move(*config));
  Options options;
  options.registered_sender = Mode::kWarn;  // so that the first day works (FAQ F6)
  options.terms = reader.text("terms", options.terms);
  const auto profile = known_profile(options.terms);
  if (!profile) reader.refuse("terms", "is no known version");
  if (profile) options.contacts.helpdesk = profile->helpdesk;
  read_line(reader, "contacts.administrator", options.contacts.administrator);
  read_line(reader, "contacts.representative", options.contacts.representative);
  read_line(reader, "contacts.helpdesk", options.contacts.helpdesk);
  for (const RuleKey& rule : kRuleKeys) choose(reader, rule.key, kModes, options.*rule.mode);
  read_line(reader, "marking.add_handling", options.add_handling);
  choose(reader, "marking.unmarked", kUnmarked, options.unmarked);
  read_line(reader, "marking.default", options.default_marking);
  const bool is_label =
      profile && std::ranges::contains(profile->marking.labels, options.default_marking, &Label::text);
  if (options.unmarked == Unmarked::kDefault && !is_label)
    reader.refuse("marking.default", "must be a label");
  read_limits(reader, options);
  read_disclaimer(reader, options.disclaimer);
  if (auto sound = reader.finish(); !sound) return std::unexpected(sound.error());
  return options;
}

Rules default_rules() {
  auto profile = known_profile(Options{}.terms);
  CHECK(profile);  // a file of ours, which a test reads
  Options options;
  options.contacts.helpdesk = profile->helpdesk;
  return {.options = std::move(options),
          .profile = std::move(*profile),
          .commitments = {},
          .permissions = {},
          .assured = {},
          .maintenance = {},
          .directory = {}};
}

}  // namespace privyseal::policy
