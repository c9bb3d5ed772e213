#include "provisioning/evidence/evidence_checks.h"

#include <algorithm>
#include <array>
#include <format>
#include <map>
#include <set>
#include <span>

#include "ca/fingerprint.h"
#include "provisioning/evidence/ledger_check.h"
#include "provisioning/evidence/reading.h"
#include "provisioning/evidence/text.h"

namespace privyseal::evidence {
namespace {

using Verdict = std::pair<Standing, std::string>;

Verdict silence(const Error& error) { return {Standing::kNotShown, error.message + "."}; }

std::string mails_text(std::size_t count) {
  return count == 1 ? "the 1 mail" : std::format("each of the {} mails", count);
}

bool is_delivered(const JsonObject& mail) { return shown(object_at(mail, "row"), "outcome") == "delivered"; }

Verdict no_mail() { return {Standing::kNotShown, "No mail was handled in this range."}; }

Verdict tls_both_legs(const Facts& facts) {
  std::size_t delivered = 0;
  for (const JsonObject& mail : facts.mails) {
    if (!is_delivered(mail)) continue;
    ++delivered;
    const JsonObject& row = object_at(mail, "row");
    const std::string lan = shown(row, "lan_tls_version");
    if (shown(row, "tls_version") != "TLSv1.3" || (lan != "TLSv1.3" && lan != "TLSv1.2"))
      return {Standing::kNotMet,
              std::format("Mail {} was delivered without recorded TLS on both legs.", shown(mail, "id"))};
  }
  if (delivered == 0) return no_mail();
  return {Standing::kEnforced,
          std::format("TLS 1.3 towards CJSM and TLS inside are recorded for {} delivered.",
                      mails_text(delivered))};
}

Verdict fresh_session_keys(const Facts& facts) {
  std::set<std::string> sessions;
  for (const JsonObject& mail : facts.mails) {
    if (!is_delivered(mail)) continue;
    const JsonObject& row = object_at(mail, "row");
    const std::string session = shown(row, "session_id");
    if (session.empty() || shown(row, "resumed") != "0")
      return {Standing::kNotMet, std::format("Mail {} has no session of its own.", shown(mail, "id"))};
    if (!sessions.insert(session).second)
      return {Standing::kNotMet,
              std::format("Mail {} shares its session with an earlier one.", shown(mail, "id"))};
  }
  if (sessions.empty()) return no_mail();
  return {Standing::kEnforced,
          std::format("A full handshake of its own for {} delivered; no two share a session.",
                      mails_text(sessions.size()))};
}

constexpr std::array<std::string_view, 40> kColumns{"id",
                                                    "opened_at",
                                                    "closed_at",
                                                    "direction",
                                                    "client_address",
                                                    "sender",
                                                    "recipients",
                                                    "size_bytes",
                                                    "session_id",
                                                    "tls_version",
                                                    "tls_group",
                                                    "tls_suite",
                                                    "peer_subject",
                                                    "peer_serial",
                                                    "peer_issuer",
                                                    "resumed",
                                                    "hop",
                                                    "outcome",
                                                    "lan_session_id",
                                                    "lan_tls_version",
                                                    "lan_tls_group",
                                                    "reply",
                                                    "lan_tls_suite",
                                                    "salt",
                                                    "lan_resumed",
                                                    "lan_peer_subject",
                                                    "lan_peer_serial",
                                                    "lan_peer_issuer",
                                                    "form",
                                                    "signatures",
                                                    "handshake_ms",
                                                    "lan_signatures",
                                                    "lan_handshake_ms",
                                                    "message_id",
                                                    "marking",
                                                    "verdict",
                                                    "connect_ms",
                                                    "record_ms",
                                                    "body_ms",
                                                    "verdict_ms"};

Verdict no_mail_at_rest(const Facts& facts) {
  for (const JsonObject& mail : facts.mails)
    for (const auto& [column, value] : object_at(mail, "row"))
      if (!std::ranges::contains(kColumns, std::string_view(column)))
        return {Standing::kNotMet,
                std::format("The ledger holds '{}', which is no fact of envelope or transport.",
                            std::string_view(column))};
  if (facts.mails.empty()) return no_mail();
  return {
      Standing::kEvidenced,
      std::format(
          "Of {} the ledger keeps envelope and transport facts only: no subject, no body. There is no queue.",
          mails_text(facts.mails.size()))};
}

Verdict ledger_running(const Facts& facts) {
  for (const JsonObject& mail : facts.mails) {
    const auto opened = number_at(mail, "opened_seq");
    const auto closed = number_at(mail, "closed_seq");
    if (is_delivered(mail) && (!opened || !closed || *opened >= *closed))
      return {Standing::kNotMet,
              std::format("Mail {} was delivered before it was recorded.", shown(mail, "id"))};
  }
  if (!facts.gateway) return silence(facts.gateway.error());
  if (facts.mails.empty()) return no_mail();
  return {Standing::kEnforced, std::format("The log shows that {} was recorded before it was passed on.",
                                           mails_text(facts.mails.size()))};
}

Verdict ledger_six_months(const Facts& facts) {
  if (!facts.gateway) return silence(facts.gateway.error());
  const auto oldest = parse_time(shown(object_at(*facts.gateway, "ledger"), "oldest_at"));
  if (!oldest) return {Standing::kNotYet, "The ledger is empty."};
  const WallTime complete = *oldest + kRetention;
  if (complete > facts.now)
    return {
        Standing::kNotYet,
        std::format("The ledger begins on {:%F}; six months will be complete on {:%F}. Nothing was purged.",
                    std::chrono::floor<std::chrono::days>(*oldest),
                    std::chrono::floor<std::chrono::days>(complete))};
  return {Standing::kEvidenced, std::format("The ledger goes back to {:%F}, more than six months.",
                                            std::chrono::floor<std::chrono::days>(*oldest))};
}

Result<const SignedLog*> log_of(const Facts& facts, Daemon daemon) {
  const auto found = facts.logs.find(daemon);
  if (found == facts.logs.end())
    return fail(ErrorCode::kNotFound, std::format("the log of {} was not read", name_of(daemon)));
  if (!found->second) return std::unexpected(found->second.error());
  return &*found->second;
}

Verdict ledger_in_log(const Facts& facts) {
  const auto log = log_of(facts, Daemon::kGatewayd);
  if (!log) return silence(log.error());
  if (facts.mails.empty()) return no_mail();
  if (const auto checked = check_ledger(facts.mails, (*log)->lines); !checked)
    return {Standing::kNotMet, "The ledger and its log disagree: " + checked.error().message + "."};
  return {
      Standing::kEvidenced,
      std::format("The hash of {} is in the signed log, and none between the first and the last is missing.",
                  mails_text(facts.mails.size()))};
}

Verdict logs_sound(const Facts& facts) {
  std::uint64_t entries = 0;
  for (const Daemon daemon : kDaemons) {
    const auto log = log_of(facts, daemon);
    if (!log) return silence(log.error());
    if ((*log)->note.empty())
      return {Standing::kNotShown, std::format("{} has signed nothing yet.", name_of(daemon))};
    if (const auto checked = check_log(**log, facts.audit_key); !checked)
      return {Standing::kNotMet,
              std::format("The log of {} is not sound: {}.", name_of(daemon), checked.error().message)};
    entries += (*log)->lines.size();
  }
  return {Standing::kEvidenced, std::format("All {} logs ({} entries) agree with their signed checkpoints.",
                                            kDaemons.size(), entries)};
}

Verdict changes_recorded(const Facts& facts) {
  std::size_t entries = 0;
  for (const Daemon daemon : {Daemon::kKeyd, Daemon::kRenewd, Daemon::kAdmind}) {
    const auto log = log_of(facts, daemon);
    if (!log) return silence(log.error());
    for (const std::string& line : (*log)->lines) {
      const auto entry = parse_json_object(line);
      const auto at = entry ? parse_time(shown(*entry, "ts")) : std::nullopt;
      if (at && *at >= facts.range.from && *at < facts.range.to) ++entries;
    }
  }
  return {Standing::kEvidenced,
          std::format("Changes to keys, certificates and the console are in the logs: {} in this range.",
                      counted(entries, "act"))};
}

Verdict console_accounts(const Facts& facts) {
  if (!facts.accounts) return silence(facts.accounts.error());
  const auto users = objects_at(*facts.accounts, "users");
  if (users.empty()) return {Standing::kNotShown, "Nobody has an account at the console yet."};
  std::set<std::string> names;
  for (const JsonObject* user : users) {
    const std::string name = shown(*user, "name");
    if (name.empty() || !names.insert(name).second)
      return {Standing::kNotMet, std::format("Two accounts of the console are called '{}'.", name)};
  }
  return {Standing::kEnforced,
          std::format("The console has {}, each with a name of its own; one signs in with a passkey only.",
                      counted(users.size(), "account"))};
}

Verdict mail_sources(const Facts& facts) {
  std::set<std::string> sources;
  for (const JsonObject& mail : facts.mails) {
    const JsonObject& row = object_at(mail, "row");
    if (shown(row, "direction") != "out") continue;
    const std::string address = shown(row, "client_address");
    sources.insert(address.substr(0, address.rfind(':')));
  }
  if (sources.empty()) return {Standing::kNotShown, "No mail was sent in this range."};
  std::string list;
  for (const std::string& source : sources) list += (list.empty() ? "" : ", ") + source;
  return {Standing::kEvidenced,
          std::format("Mail came from {} only: {}.", counted(sources.size(), "mail server"), list)};
}

Verdict keys_non_extractable(const Facts& facts) {
  if (!facts.keys) return silence(facts.keys.error());
  if (facts.keys->empty()) return {Standing::kNotShown, "The token holds no key."};
  return {Standing::kEnforced,
          std::format(
              "keyd offers {}. It offers a key only after the token has said that it is sensitive, was made "
              "inside, and was never extractable.",
              counted(facts.keys->size(), "key"))};
}

Verdict test_token(const Facts& facts) {
  return {facts.token.is_claimed ? Standing::kDeclared : Standing::kNotMet, token_sentence(facts.token)};
}

Verdict versions(const Facts& facts) {
  if (!facts.gateway) return silence(facts.gateway.error());
  const std::string version = shown(*facts.gateway, "version");
  const std::string openssl = shown(*facts.gateway, "openssl");
  if (version.empty() || openssl.empty())
    return {Standing::kNotShown, "The gateway does not say which version it is."};
  return {Standing::kEvidenced, std::format("The gateway runs version {} on {}.", version, openssl)};
}

/// Of the sent mails that the rules judged: how many they refused by one of `rules`. What was refused and
/// delivered all the same is a fault.
Verdict refused_by(const Facts& facts, std::span<const std::string_view> rules, Standing standing,
                   std::string_view as) {
  std::size_t judged = 0;
  std::size_t marked = 0;
  std::size_t refused = 0;
  for (const JsonObject& mail : facts.mails) {
    const JsonObject& row = object_at(mail, "row");
    const std::string verdict = shown(row, "verdict");
    if (shown(row, "direction") != "out" || verdict.empty()) continue;
    ++judged;
    marked += shown(row, "marking").empty() ? 0 : 1;
    const bool is_refused = std::ranges::any_of(
        rules, [&](std::string_view rule) { return verdict == std::format("refused/{}", rule); });
    refused += is_refused ? 1 : 0;
    if (is_refused && is_delivered(mail))
      return {Standing::kNotMet,
              std::format("Mail {} was refused by the rules and delivered.", shown(mail, "id"))};
  }
  if (judged == 0) return {Standing::kNotShown, "The rules judged no sent mail in this range."};
  return {standing, std::format("The rules judged {}, {} of them with a marking, and refused {} as {}.",
                                counted(judged, "sent mail"), marked, refused, as)};
}

Verdict markings_judged(const Facts& facts) {
  constexpr std::array<std::string_view, 1> kRules{"marked-too-high"};
  return refused_by(facts, kRules, Standing::kEnforced, "marked above OFFICIAL-SENSITIVE");
}

Verdict automated_refused(const Facts& facts) {
  constexpr std::array<std::string_view, 3> kRules{"automated-mail", "bulk-mail", "auto-forwarded"};
  return refused_by(facts, kRules, Standing::kEvidenced, "automated, bulk or automatically forwarded");
}

Verdict mail_volume(const Facts& facts) {
  std::map<std::string, std::size_t> sent;
  for (const JsonObject& mail : facts.mails)
    if (shown(object_at(mail, "row"), "direction") == "out") ++sent[shown(object_at(mail, "row"), "sender")];
  if (sent.empty()) return {Standing::kNotShown, "No mail was sent in this range."};
  const auto most = std::ranges::max_element(sent, {}, [](const auto& s) { return s.second; });
  return {Standing::kEvidenced,
          std::format("{} sent mail; the most by one is {}, from {}.", counted(sent.size(), "sender"),
                      most->second, most->first.empty() ? "<>" : most->first)};
}

/// How often the gateway closed because of the firewall, by its log.
std::size_t firewall_downs(const SignedLog& log, const DateRange& range) {
  std::size_t downs = 0;
  for (const std::string& line : log.lines) {
    const auto entry = parse_json_object(line);
    if (!entry || shown(*entry, "action") != "firewall-switched" || shown(*entry, "outcome") != "failed")
      continue;
    const auto at = parse_time(shown(*entry, "ts"));
    if (at && *at >= range.from && *at < range.to) ++downs;
  }
  return downs;
}

Verdict firewall_watched(const Facts& facts) {
  if (!facts.gateway) return silence(facts.gateway.error());
  const JsonObject& firewall = object_at(*facts.gateway, "firewall");
  if (firewall.empty()) return {Standing::kNotShown, "The gateway is told of no firewall."};
  if (shown(firewall, "state") != "up")
    return {Standing::kNotMet,
            std::format("The appliance's firewall is down, so no mail passes: {}.", shown(firewall, "why"))};
  const auto log = log_of(facts, Daemon::kGatewayd);
  if (!log) return silence(log.error());
  return {Standing::kEnforced,
          std::format(
              "The appliance's firewall is up since {} and was looked at on {}; no mail passes without. In "
              "this range it was down {}. Dropped on the last day: {}. Hash of its rules: {}.",
              shown(firewall, "since"), shown(firewall, "looked_at"),
              counted(firewall_downs(**log, facts.range), "time"),
              counted(count_at(firewall, "dropped_today"), "packet"), shown(firewall, "rules"))};
}

Verdict pack_key(const Facts& facts) {
  if (facts.audit_key.empty()) return {Standing::kNotShown, "There is no audit key."};
  return {Standing::kEvidenced,
          std::format("This pack can be checked without the appliance; it is signed by the audit key {}.",
                      ca::key_fingerprint(facts.audit_key))};
}

struct Named {
  std::string_view name;
  EvidenceCheck check;
};
constexpr std::array kChecks{
    Named{"tls-both-legs", tls_both_legs},
    Named{"fresh-session-keys", fresh_session_keys},
    Named{"no-mail-at-rest", no_mail_at_rest},
    Named{"ledger-running", ledger_running},
    Named{"ledger-six-months", ledger_six_months},
    Named{"ledger-in-log", ledger_in_log},
    Named{"logs-sound", logs_sound},
    Named{"changes-recorded", changes_recorded},
    Named{"console-accounts", console_accounts},
    Named{"mail-sources", mail_sources},
    Named{"keys-non-extractable", keys_non_extractable},
    Named{"test-token", test_token},
    Named{"versions", versions},
    Named{"markings-judged", markings_judged},
    Named{"automated-refused", automated_refused},
    Named{"mail-volume", mail_volume},
    Named{"firewall-watched", firewall_watched},
    Named{"pack-key", pack_key},
};

}  // namespace

EvidenceCheck find_evidence_check(std::string_view name) {
  const auto found = std::ranges::find(kChecks, name, &Named::name);
  return found == kChecks.end() ? nullptr : found->check;
}

bool is_personal_column(std::string_view name) {
  constexpr std::array<std::string_view, 5> kPersonal{"sender", "recipients", "client_address", "reply",
                                                      "message_id"};
  return std::ranges::contains(kPersonal, name);
}

}  // namespace privyseal::evidence
