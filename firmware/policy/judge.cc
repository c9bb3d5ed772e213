#include "firmware/policy/judge.h"

#include <algorithm>
#include <array>

#include "firmware/policy/marking.h"
#include "firmware/policy/words.h"
#include "firmware/smtp/ascii.h"
#include "firmware/smtp/reply.h"

namespace privyseal::policy {
namespace {

constexpr std::string_view kOriginField = "x-cjsm-origin";
constexpr std::string_view kHandlingField = "x-cjsm-handling";
constexpr std::string_view kWarningField = "x-privyseal-warning";
constexpr std::size_t kMaxName = 255;

/// What the checks look at.
struct Facts {
  const Rules& rules;
  const Envelope& envelope;
  const Header& header;
  MarkedText text;
  std::optional<Label> marking;
  bool is_notice;  ///< a bounce or an automatic answer to a person: no sender who could mark it
};

bool is_sensitive(const Facts& facts) {
  return facts.marking && facts.marking->rank >= facts.rules.profile.marking.sensitive;
}

bool is_marked_too_high(const Facts& facts) {
  return facts.marking && facts.marking->rank > facts.rules.profile.marking.ceiling;
}

bool wants_secure_route_in_vain(const Facts& facts) {
  if (!facts.envelope.left_one_out) return false;
  return std::ranges::any_of(facts.text.subjects, [&](const std::string& subject) {
    const std::string lower = smtp::lower(subject);
    return std::ranges::any_of(facts.rules.profile.secure_keywords,
                               [&](const std::string& keyword) { return lower.contains(keyword); });
  });
}

bool is_unmarked(const Facts& facts) {
  return !facts.is_notice && facts.rules.options.unmarked == Unmarked::kRefuse && !facts.marking;
}

bool has_no_instruction(const Facts& facts) {
  if (facts.is_notice || !is_sensitive(facts) || has_instruction(facts.rules.profile, facts.text))
    return false;
  const Field* field = facts.header.find(smtp::lower(facts.rules.profile.handling_header));
  return field == nullptr || field->value.empty();
}

bool is_from_elsewhere(const Facts& facts) {
  if (facts.is_notice) return false;
  const auto is_own = [&](std::string_view domain) {
    constexpr std::string_view kSuffix = ".cjsm.net";
    if (domain.ends_with(kSuffix)) domain.remove_suffix(kSuffix.size());
    return std::ranges::contains(facts.envelope.own_domains, domain);
  };
  std::size_t count = 0;
  for (const std::string& value : facts.header.values_as_written("from")) {
    const auto domains = domains_in(value);
    if (!domains || !std::ranges::all_of(*domains, is_own)) return true;
    count += domains->size();
  }
  return count == 0;
}

bool is_blind_blast(const Facts& facts) {
  const std::uint32_t most = facts.rules.options.blind_recipients;
  if (most == 0 || facts.envelope.recipients <= most) return false;
  for (const std::string_view name : {"to", "cc"})
    for (const std::string& value : facts.header.values_as_written(name))
      if (const auto domains = domains_in(value); domains && !domains->empty()) return false;
  return true;
}

/// A list or campaign counts as such; everything else that a program wrote is automated mail.
bool is_bulk(const Facts& facts) { return facts.header.has_any(facts.rules.profile.bulk); }
bool is_generated(const Facts& facts) { return facts.header.has_any(facts.rules.profile.generated); }

/// Resent-From of somebody else: the mail came to us from outside and goes on by itself.
bool is_forwarded(const Facts& facts) {
  if (facts.header.has_any(facts.rules.profile.forwarded)) return true;
  const Field* resent = facts.header.find("resent-from");
  return resent != nullptr && is_from_elsewhere(facts);
}

bool names_service_host(const Facts& facts, const std::string& received) {
  const std::string lower = smtp::lower(received);
  return std::ranges::any_of(facts.rules.profile.service_hosts, [&](const std::string& host) {
    for (std::size_t at = lower.find(host); at != std::string::npos; at = lower.find(host, at + 1)) {
      const bool begins = at == 0 || !smtp::is_alnum(lower[at - 1]);
      const std::size_t end = at + host.size();
      const bool goes_on = end + 1 < lower.size() && lower[end] == '.' && smtp::is_alnum(lower[end + 1]);
      if (begins && !goes_on && is_word_end(lower, end)) return true;
    }
    return false;
  });
}

bool is_from_service(const Facts& facts) {
  if (facts.header.has_any(facts.rules.profile.services)) return true;
  return std::ranges::any_of(facts.header.values("received"),
                             [&](const std::string& value) { return names_service_host(facts, value); });
}

constexpr Mode Options::* kAlways = nullptr;

struct Check {
  Refusal refusal;
  Mode Options::* mode;
  bool (*applies)(const Facts&);
  std::optional<MailKind> permitted_as = {};
};

// The first refusal wins: what may not be in CJSM at all comes before how it is sent.
constexpr std::array kChecks{
    Check{Refusal::kMarkedTooHigh, kAlways, &is_marked_too_high},
    Check{Refusal::kSecureWithoutRoute, kAlways, &wants_secure_route_in_vain},
    Check{Refusal::kNotMarked, kAlways, &is_unmarked},
    Check{Refusal::kNoHandlingInstruction, &Options::handling, &has_no_instruction},
    Check{Refusal::kFromNotOurs, &Options::from_header, &is_from_elsewhere},
    Check{Refusal::kBlindBlast, kAlways, &is_blind_blast},
    Check{Refusal::kSharedService, &Options::shared_service, &is_from_service, MailKind::kService},
    Check{Refusal::kAutoForwarded, &Options::auto_forward, &is_forwarded, MailKind::kForwarded},
    Check{Refusal::kBulkMail, &Options::bulk, &is_bulk, MailKind::kBulk},
    Check{Refusal::kAutomatedMail, &Options::automated, &is_generated, MailKind::kGenerated},
};

MarkedText marked_text_of(const Rules& rules, const Header& header, const std::string& first_line) {
  MarkedText text{.labels = {}, .subjects = header.values("subject"), .first_line = first_line};
  for (const std::string& name : rules.profile.marking.headers)
    for (std::string& value : header.values(smtp::lower(name))) text.labels.push_back(std::move(value));
  return text;
}

Facts facts_of(const Rules& rules, const Envelope& envelope, const Header& header,
               const std::string& first_line) {
  MarkedText text = marked_text_of(rules, header, first_line);
  const bool is_answer = header.has({.name = "auto-submitted", .is_prefix = false, .value = "auto-replied"});
  auto marking = marking_in(rules.profile.marking, text);
  return {.rules = rules,
          .envelope = envelope,
          .header = header,
          .text = std::move(text),
          .marking = std::move(marking),
          .is_notice = is_answer || !envelope.sender};
}

std::optional<Permit> permit_for(const Facts& facts, const Check& check) {
  if (!check.permitted_as || !facts.envelope.sender) return std::nullopt;
  return facts.rules.permissions.find(*facts.envelope.sender, *check.permitted_as,
                                      day_of(facts.envelope.now));
}

/// One permission may stand in several rows, for several kinds of mail: it counts once, by its smallest cap.
void add_permit(std::vector<Permit>& permits, Permit permit) {
  const auto same = std::ranges::find(permits, permit.reference, &Permit::reference);
  if (same == permits.end())
    permits.push_back(std::move(permit));
  else
    same->hourly_cap = std::min(same->hourly_cap, permit.hourly_cap);
}

void add_marks(const Facts& facts, HeaderJudgement& judgement) {
  const Options& options = facts.rules.options;
  if (!facts.marking && !facts.is_notice && options.unmarked == Unmarked::kDefault)
    judgement.fields.push_back(facts.rules.profile.marking.default_header + ": marking=\"" +
                               options.default_marking + "\"");
  if (!options.add_handling.empty() && has_no_instruction(facts))
    judgement.fields.push_back(facts.rules.profile.handling_header + ": " + options.add_handling);
  for (const Refusal warning : judgement.warnings)
    judgement.fields.push_back("X-Privyseal-Warning: " + std::string(text_of(warning).id));
}

Judgement judged(Mode mode, Refusal refusal) {
  if (mode == Mode::kEnforce) return {.refusal = refusal, .warnings = {}};
  return {.refusal = {}, .warnings = {refusal}};
}

}  // namespace

Judgement judge_sender(const Rules& rules, const std::optional<smtp::Address>& sender, WallTime now) {
  const Mode mode = rules.options.registered_sender;
  if (mode == Mode::kOff || !sender) return {};
  if (rules.commitments.has(*sender, rules.profile.version, day_of(now))) return {};
  return judged(mode, Refusal::kSenderNotRegistered);
}

Judgement judge_recipient(const Rules& rules, const smtp::Address& recipient) {
  const Options& options = rules.options;
  Judgement judgement;
  const auto apply = [&](Mode mode, Refusal refusal) {
    if (mode == Mode::kWarn) judgement.warnings.push_back(refusal);
    if (mode == Mode::kEnforce && !judgement.refusal) judgement.refusal = refusal;
  };
  const DirectoryEntry* entry = rules.directory.find(recipient);
  if (entry != nullptr && entry->status() == AccountStatus::kDeleted)
    apply(options.retired_recipient, Refusal::kRecipientRetired);
  if (!rules.assured.has(recipient.domain)) apply(options.assured, Refusal::kPartnerNotAssured);
  return judgement;
}

HeaderJudgement judge_header(const Rules& rules, const Envelope& envelope, const Header& header,
                             const std::string& first_line) {
  const Facts facts = facts_of(rules, envelope, header, first_line);
  HeaderJudgement judgement;
  if (facts.marking) judgement.marking = facts.marking->text;
  for (const Check& check : kChecks) {
    const Mode mode = check.mode == kAlways ? Mode::kEnforce : rules.options.*check.mode;
    // A bounce passes always: it tells somebody that a mail did not arrive (clause 9).
    const bool is_exempt = check.permitted_as && !envelope.sender;
    if (mode == Mode::kOff || is_exempt || !check.applies(facts)) continue;
    if (auto permit = permit_for(facts, check)) {
      add_permit(judgement.permits, std::move(*permit));
    } else if (mode == Mode::kEnforce) {
      judgement.refusal = check.refusal;
      return judgement;
    } else {
      judgement.warnings.push_back(check.refusal);
    }
  }
  add_marks(facts, judgement);
  return judgement;
}

std::string marking_of(const Rules& rules, const Header& header) {
  const auto marking = marking_in(rules.profile.marking, marked_text_of(rules, header, ""));
  return marking ? marking->text : "";
}

std::string message_id_of(const Header& header) {
  constexpr std::size_t kMostBytes = 250;
  const Field* field = header.find("message-id");
  if (field == nullptr) return {};
  std::string_view id = field->value;
  id = id.substr(0, id.find('>'));
  if (id.starts_with('<')) id.remove_prefix(1);
  return std::string(id.substr(0, kMostBytes));
}

bool is_ours_alone(const Field& field) {
  return field.name == kOriginField || field.name == kHandlingField || field.name == kWarningField;
}

std::vector<std::string> origin_fields(std::string_view authority, std::string_view relay_name) {
  return {"Authentication-Results: " + smtp::sanitised(authority, kMaxName) + ";\r\n\tx-tls-client=pass (" +
              smtp::sanitised(relay_name, kMaxName) + ")",
          "X-CJSM-Origin: verified", "X-CJSM-Handling: treat as OFFICIAL-SENSITIVE/RESTRICTED"};
}

}  // namespace privyseal::policy
