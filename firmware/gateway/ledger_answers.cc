#include "firmware/gateway/ledger_answers.h"

#include <algorithm>

#include "firmware/base/door.h"
#include "firmware/gateway/search_keys.h"

namespace privyseal::gateway {
namespace {

constexpr std::size_t kMostRecipientsInAList = 20;
constexpr std::size_t kMostRecipientsOfAMail = 200;
constexpr std::size_t kMostAnswerBytes = kMaxDoorAnswerBytes - 4096;  // the rest is for what surrounds a list

JsonArray first_of(const std::vector<std::string>& texts, std::size_t count) {
  JsonArray array;
  for (std::size_t i = 0; i < std::min(texts.size(), count); ++i) array.emplace_back(texts[i]);
  return array;
}

void add_if_known(JsonObject& object, std::string_view key, const std::string& text) {
  if (!text.empty()) object[key] = text;
}

Json session_of(const std::optional<tls::SessionFacts>& facts) {
  if (!facts) return nullptr;
  return JsonObject{{"version", facts->version},
                    {"group", facts->group},
                    {"suite", facts->suite},
                    {"resumed", facts->resumed},
                    {"peer_subject", facts->peer_subject},
                    {"peer_issuer", facts->peer_issuer},
                    {"peer_serial", facts->peer_serial},
                    {"session_id", facts->session_id},
                    {"signatures", facts->signatures},
                    {"handshake_ms", facts->handshake_took.count()}};
}

Json or_null(std::optional<std::int64_t> number) { return number ? Json(*number) : Json(nullptr); }
Json or_null(const std::string& text) { return text.empty() ? Json(nullptr) : Json(text); }

Json or_null(StageTimes::Time time) { return time ? Json(time->count()) : Json(nullptr); }

JsonObject times_of(const StageTimes& took) {
  return {{"connect_ms", or_null(took.connect)},
          {"record_ms", or_null(took.record)},
          {"body_ms", or_null(took.body)},
          {"verdict_ms", or_null(took.verdict)}};
}

std::string counted(std::size_t count, std::string_view noun) {
  return std::to_string(count) + " " + std::string(noun) + (count == 1 ? "" : "s");
}

std::string session_text(const tls::SessionFacts& facts) {
  if (facts.version == kNoTls) return "in clear, as an exception allows";
  std::string text = facts.version + ", " + facts.group + ", " + facts.suite;
  text += facts.resumed ? ", resumed" : ", a new handshake";
  if (!facts.peer_subject.empty())
    text += "; the peer showed " + facts.peer_subject + ", serial " + facts.peer_serial;
  return text + "; session " + facts.session_id;
}

/// "left-out/recipient-not-cjsm" stands as it is: it is the name under which the rule is explained.
std::string rules_text(const PolicyFacts& policy) {
  const std::string marking = policy.marking.empty() ? "no marking" : "the marking " + policy.marking;
  return "The rules saw " + marking + " and said: " + policy.verdict;
}

std::string end_text(const MailRow& mail) {
  if (mail.outcome == "delivered") return "Delivered: " + mail.hop + " took it (" + mail.reply + ")";
  if (mail.outcome == "deferred")
    return "Not taken for now, the sender keeps it and tries again (" + mail.reply + ")";
  if (mail.outcome == "refused") return "Refused (" + mail.reply + ")";
  if (mail.outcome == "aborted") return "Ended before the mail was complete (" + mail.reply + ")";
  return "The end is not known (" + mail.reply + ")";
}

JsonArray timeline_of(const MailRow& mail, const std::optional<tls::SessionFacts>& client,
                      const std::optional<tls::SessionFacts>& hop) {
  JsonArray timeline;
  const auto add = [&](const std::string& at, std::string text) {
    timeline.push_back(JsonObject{{"at", at}, {"text", std::move(text)}});
  };
  add(mail.opened_at,
      mail.client_address + " began a mail for " + counted(mail.recipients.size(), "recipient"));
  if (client) add(mail.opened_at, "Its connection: " + session_text(*client));
  if (hop) add(mail.opened_at, "The connection to " + mail.hop + ": " + session_text(*hop));
  if (mail.opened_seq)
    add(mail.opened_at, "Recorded before it was passed on: audit entry " + std::to_string(*mail.opened_seq));
  if (mail.closed_at.empty()) return timeline;
  if (!mail.policy.verdict.empty()) add(mail.closed_at, rules_text(mail.policy));
  add(mail.closed_at, end_text(mail));
  if (mail.closed_seq)
    add(mail.closed_at, "Outcome recorded: audit entry " + std::to_string(*mail.closed_seq));
  return timeline;
}

std::int64_t count_of(const LedgerTotals& totals, std::string_view outcome) {
  const auto found = totals.today.find(std::string(outcome));
  return found == totals.today.end() ? 0 : found->second;
}

}  // namespace

JsonObject summary_of(const MailRow& mail) {
  return {{"id", mail.id},
          {"opened_at", mail.opened_at},
          {"direction", mail.direction},
          {"sender", mail.sender},
          {"recipients", first_of(mail.recipients, kMostRecipientsInAList)},
          {"recipient_count", mail.recipients.size()},
          {"size", or_null(mail.size_bytes)},
          {"marking", or_null(mail.policy.marking)},
          {"verdict", or_null(mail.policy.verdict)},
          {"outcome", mail.outcome},
          {"reply", mail.reply}};
}

JsonObject list_of(const std::vector<MailRow>& mails, std::size_t asked_for) {
  JsonArray array;
  std::size_t bytes = 0;
  for (const MailRow& mail : mails) {
    JsonObject summary = summary_of(mail);
    bytes += to_text(summary).size() + 1;
    if (bytes > kMostAnswerBytes) break;
    array.push_back(std::move(summary));
  }
  const bool more = array.size() < mails.size() || mails.size() == asked_for;
  return {{"mails", std::move(array)}, {"more", more}};
}

JsonObject track_of(const MailRow& mail) {
  const bool is_out = mail.direction == "out";
  const auto& hop = is_out ? mail.cjsm_session : mail.lan_session;
  const auto& client = is_out ? mail.lan_session : mail.cjsm_session;
  JsonObject object{{"id", mail.id},
                    {"opened_at", mail.opened_at},
                    {"closed_at", or_null(mail.closed_at)},
                    {"direction", mail.direction},
                    {"client_address", mail.client_address},
                    {"sender", mail.sender},
                    {"recipients", first_of(mail.recipients, kMostRecipientsOfAMail)},
                    {"recipient_count", mail.recipients.size()},
                    {"size", or_null(mail.size_bytes)},
                    {"hop", mail.hop},
                    {"message_id", or_null(mail.policy.message_id)},
                    {"marking", or_null(mail.policy.marking)},
                    {"verdict", or_null(mail.policy.verdict)},
                    {"took", times_of(mail.took)},
                    {"outcome", mail.outcome},
                    {"reply", or_null(mail.reply)},
                    {"opened_seq", or_null(mail.opened_seq)},
                    {"closed_seq", or_null(mail.closed_seq)},
                    {"hop_tls", session_of(hop)},
                    {"client_tls", session_of(client)}};
  return {{"mail", std::move(object)}, {"timeline", timeline_of(mail, client, hop)}};
}

JsonArray flow_of(const std::vector<MinuteCount>& counts, WallTime first, std::int64_t minutes) {
  constexpr std::size_t kMinuteBytes = sizeof("2026-03-01T09:01") - 1;
  std::map<std::string, std::map<std::string, std::int64_t>> by_minute;
  for (const MinuteCount& count : counts) by_minute[count.minute][count.outcome] += count.count;
  JsonArray flow;
  for (std::int64_t i = 0; i < minutes; ++i) {
    const std::string at = to_rfc3339(first + std::chrono::minutes(i));
    auto& counted = by_minute[at.substr(0, kMinuteBytes)];
    flow.push_back(JsonObject{{"at", at},
                              {"delivered", counted["delivered"]},
                              {"refused", counted["refused"]},
                              {"deferred", counted["deferred"]}});
  }
  return flow;
}

JsonObject partners_of(const std::vector<DomainCount>& domains, const std::vector<std::string>& own) {
  constexpr std::size_t kMostPartners = 200;
  const auto is_own = [&](const DomainCount& count) {
    return std::ranges::any_of(own, [&](const std::string& domain) {
      const std::string key = search_key(domain);
      return count.domain == key || count.domain == key + ".cjsm.net";
    });
  };
  JsonArray partners;
  bool more = false;
  for (const DomainCount& count : domains) {
    if (is_own(count)) continue;
    more = partners.size() == kMostPartners;
    if (more) break;
    partners.push_back(
        JsonObject{{"domain", count.domain}, {"mails", count.mails}, {"last_day", count.last_day}});
  }
  return {{"partners", std::move(partners)}, {"more", more}};
}

JsonObject tls_of(const TlsShares& shares) {
  const auto share = [](const TlsShare& side) {
    return JsonObject{{"mails", side.mails}, {"tls13", side.tls13}, {"hybrid", side.hybrid}};
  };
  return {{"cjsm", share(shares.cjsm)}, {"lan", share(shares.lan)}};
}

Result<JsonObject> extract_of(const std::vector<ExtractedRow>& rows, std::size_t asked_for) {
  constexpr std::size_t kAroundARow = 160;
  JsonArray array;
  std::size_t bytes = 0;
  for (const ExtractedRow& row : rows) {
    bytes += row.canonical_row.size() + kAroundARow;
    if (bytes > kMostAnswerBytes) break;
    auto parsed = parse_json_object(row.canonical_row);
    if (!parsed) return fail("row " + std::to_string(row.id), parsed.error());
    array.push_back(JsonObject{{"id", row.id},
                               {"salt", row.salt},
                               {"row", std::move(*parsed)},
                               {"opened_seq", row.opened_seq},
                               {"closed_seq", or_null(row.closed_seq)}});
  }
  if (array.empty() && !rows.empty())
    return fail(ErrorCode::kInvalid, "row " + std::to_string(rows.front().id) + ": too long for one answer");
  const bool more = array.size() < rows.size() || rows.size() == asked_for;
  return JsonObject{{"mails", std::move(array)}, {"more", more}};
}

JsonObject relay_of(const HostPort& relay, const LedgerTotals& totals) {
  JsonObject object{{"host", relay.host}, {"port", relay.port}};
  add_if_known(object, "last_delivered_at", totals.last_delivered_at);
  add_if_known(object, "last_failure_at", totals.last_failure_at);
  add_if_known(object, "last_failure", totals.last_failure);
  return object;
}

JsonObject today_of(const LedgerTotals& totals) {
  return {{"delivered", count_of(totals, "delivered")},
          {"refused", count_of(totals, "refused")},
          {"deferred", count_of(totals, "deferred")},
          {"failed", count_of(totals, "aborted") + count_of(totals, "unknown")}};
}

JsonObject ledger_of(const LedgerTotals& totals) {
  JsonObject object{{"mails", totals.mails}};
  add_if_known(object, "oldest_at", totals.oldest_at);
  add_if_known(object, "last_at", totals.last_at);
  return object;
}

}  // namespace privyseal::gateway
