#include "firmware/gateway/desk.h"

#include <algorithm>
#include <array>
#include <limits>

#include "firmware/base/audit/door_operations.h"
#include "firmware/base/audit/log.h"
#include "firmware/base/cpu_crypto.h"
#include "firmware/base/log.h"
#include "firmware/base/sha256.h"
#include "firmware/base/utc_time.h"
#include "firmware/gateway/ledger_answers.h"
#include "firmware/tls/library.h"

namespace privyseal::gateway {
namespace {

constexpr std::array kGrants{
    DoorGrant{"console", "status"},
    DoorGrant{"provisioning", "status"},
    DoorGrant{"console", "mail-flow"},
    DoorGrant{"provisioning", "mail-flow"},
    DoorGrant{"console", "mail-find"},
    DoorGrant{"provisioning", "mail-find"},
    DoorGrant{"console", "mail-track"},
    DoorGrant{"provisioning", "mail-track"},
    DoorGrant{"console", "mail-partners"},
    DoorGrant{"provisioning", "mail-partners"},
    DoorGrant{"console", "ledger-extract"},
    DoorGrant{"provisioning", "ledger-extract"},
    DoorGrant{"console", "audit-entries"},
    DoorGrant{"provisioning", "audit-entries"},
    DoorGrant{"console", "audit-checkpoint"},
    DoorGrant{"provisioning", "audit-checkpoint"},
    DoorGrant{"console", "line-switch"},
    DoorGrant{"provisioning", "line-switch"},
    DoorGrant{"console", "rate-release"},
    DoorGrant{"provisioning", "rate-release"},
    DoorGrant{"console", "hold-add"},
    DoorGrant{"provisioning", "hold-add"},
    DoorGrant{"console", "hold-list"},
    DoorGrant{"provisioning", "hold-list"},
    DoorGrant{"console", "hold-end"},
    DoorGrant{"provisioning", "hold-end"},
    DoorGrant{"console", "metrics"},
    DoorGrant{"provisioning", "metrics"},
    DoorGrant{"console", "directory-search"},
    DoorGrant{"provisioning", "directory-search"},
    DoorGrant{"console", "directory-export"},
    DoorGrant{"provisioning", "directory-export"},
    DoorGrant{"console", "audit-verify"},
    DoorGrant{"provisioning", "audit-verify"},
    // A list says nothing unless the authority signed it, and no list is replaced by an older one.
    DoorGrant{"console", "revocations-take"},
    DoorGrant{"provisioning", "revocations-take"},
    DoorGrant{"console", "policy-show"},
    DoorGrant{"provisioning", "policy-show"},
    // On a racked appliance the console is the only way in. A console that was taken over could loosen the
    // rules, but not unseen: each change stands in our own log, with the file's hash.
    DoorGrant{"console", "policy-part"},
    DoorGrant{"provisioning", "policy-part"},
    DoorGrant{"console", "policy-set"},
    DoorGrant{"provisioning", "policy-set"},
    DoorGrant{"console", "policy-remove"},
    DoorGrant{"provisioning", "policy-remove"},
};

constexpr std::int64_t kMostMinutes = 24 * 60;
constexpr std::int64_t kMostMails = 100;
constexpr std::int64_t kMostFound = 50;  // people
constexpr std::size_t kExportBytes = 32UL << 10;
constexpr std::int64_t kMostExtracted = 500;
constexpr std::int64_t kMostId = std::numeric_limits<std::int64_t>::max();

JsonArray identities_of(const std::vector<IdentityStatus>& identities) {
  JsonArray array;
  for (const IdentityStatus& identity : identities) {
    JsonObject object{{"side", to_string(identity.side)},
                      {"subject", identity.certificate.subject},
                      {"issuer", identity.certificate.issuer},
                      {"serial", identity.certificate.serial},
                      {"not_after", identity.certificate.not_after},
                      {"fingerprint", identity.certificate.fingerprint},
                      {"key", identity.key}};
    if (!identity.refused.empty()) object["refused"] = identity.refused;
    array.push_back(std::move(object));
  }
  return array;
}

JsonArray revocations_of(const std::vector<tls::RevocationList>& lists) {
  JsonArray array;
  for (const tls::RevocationList& list : lists)
    array.push_back(JsonObject{{"issuer", list.issuer},
                               {"this_update", list.this_update},
                               {"next_update", list.next_update},
                               {"revoked", list.revoked}});
  return array;
}

std::string_view word_of(Breaker::State state) {
  switch (state) {
    case Breaker::State::kClosed:
      return "in-use";
    case Breaker::State::kOpen:
      return "paused";
    case Breaker::State::kTrial:
      return "on-trial";
  }
  return "in-use";
}

/// In the order in which they are tried.
JsonArray hops_of(HopBoard& board) {
  JsonArray array;
  for (const HopBoard::Status& hop : board.status(std::chrono::steady_clock::now())) {
    JsonObject object{{"host", hop.address.host},
                      {"port", hop.address.port},
                      {"state", word_of(hop.state)},
                      {"connections", hop.connections},
                      {"failures", hop.failures}};
    if (hop.paused) object["paused_seconds"] = hop.paused->count();
    if (!hop.why.empty()) object["why"] = hop.why;
    array.push_back(std::move(object));
  }
  return array;
}

/// {state, why?, since?, looked_at?, rules?, changes?, dropped?, dropped_today?}
JsonObject firewall_of(const FirewallNow& now) {
  JsonObject object{{"state", now.is_up ? "up" : "down"}};
  if (!now.why.empty()) object["why"] = now.why;
  if (!now.told) return object;
  object["since"] = to_rfc3339(now.told->since);
  object["looked_at"] = to_rfc3339(now.told->looked_at);
  object["rules"] = now.told->rules;
  object["changes"] = now.told->changes;
  object["dropped"] = now.told->dropped;
  object["dropped_today"] = now.told->dropped_today;
  return object;
}

Result<std::string> bound(const JsonObject& request, std::string_view key) {
  return json_text(request, key, "").and_then([](const std::string& text) { return time_bound(text); });
}

JsonArray clear_of(const std::vector<smtp::ClearException>& exceptions, WallTime now) {
  JsonArray array;
  for (const smtp::ClearException& exception : exceptions)
    array.push_back(JsonObject{{"host", exception.host},
                               {"reason", exception.reason},
                               {"authoriser", exception.authoriser},
                               {"until", utc_text(exception.until)},
                               {"state", exception.is_in_force(now) ? "in-force" : "expired"}});
  return array;
}

/// "none": mail is scanned at CJSM only.
std::string_view name_of(const std::optional<ScannerSettings>& scanner) {
  if (!scanner) return "none";
  return scanner->kind == ScannerKind::kIcap ? "icap" : "clamd";
}

/// The time of an entry of the audit log, from its line.
std::string time_of(const std::string& line) {
  return parse_json_object(line)
      .and_then([](const JsonObject& entry) { return json_text(entry, "ts"); })
      .value_or("");
}

}  // namespace

std::span<const DoorGrant> Desk::grants() { return kGrants; }

Result<std::unique_ptr<Desk>> Desk::open(Facts facts) {
  auto reader = LedgerReader::open(facts.settings.ledger);
  if (!reader) return std::unexpected(reader.error());
  return std::unique_ptr<Desk>(new Desk(std::move(facts), std::move(*reader)));
}

Result<JsonObject> Desk::answer(const DoorRequest& request) {
  struct Operation {
    std::string_view name;
    Result<JsonObject> (Desk::*answer)(const DoorRequest&);
  };
  static constexpr std::array kOperations{
      Operation{"status", &Desk::status},
      Operation{"mail-flow", &Desk::flow},
      Operation{"mail-find", &Desk::find},
      Operation{"mail-track", &Desk::track},
      Operation{"mail-partners", &Desk::partners},
      Operation{"ledger-extract", &Desk::extract},
      Operation{"line-switch", &Desk::switch_line},
      Operation{"rate-release", &Desk::release_rate},
      Operation{"revocations-take", &Desk::take_revocations},
      Operation{"directory-search", &Desk::search_directory},
      Operation{"directory-export", &Desk::export_directory},
      Operation{"hold-add", &Desk::add_hold},
      Operation{"hold-list", &Desk::list_holds},
      Operation{"hold-end", &Desk::end_hold},
      Operation{"metrics", &Desk::metrics},
      Operation{"policy-show", &Desk::show_policy},
      Operation{"policy-part", &Desk::take_policy_part},
      Operation{"policy-set", &Desk::set_policy},
      Operation{"policy-remove", &Desk::remove_policy},
  };
  for (const Operation& operation : kOperations)
    if (operation.name == request.operation) return (this->*operation.answer)(request);
  const Bytes public_key = checkpoint_state().public_key;
  return audit::answer_door(
      request.operation, request.body,
      {.database = reader_.database(), .origin = facts_.settings.audit.origin, .public_key = public_key});
}

Result<JsonObject> Desk::status(const DoorRequest&) {
  const std::string today = to_rfc3339(std::chrono::floor<std::chrono::days>(facts_.clock.now()));
  const auto totals = reader_.totals(today);
  if (!totals) return std::unexpected(totals.error());
  auto ledger = ledger_of(*totals);
  if (const auto waits = facts_.purge_waits(); !waits.empty()) ledger["purge_waits"] = waits;
  auto audit = audit_status();
  if (!audit) return std::unexpected(audit.error());
  JsonObject status{{"state", facts_.is_draining() ? "draining" : "running"},
                    {"since", to_rfc3339(facts_.since)},
                    {"sessions", facts_.sessions()},
                    {"version", PRIVYSEAL_VERSION},
                    {"openssl", tls::openssl_version()},
                    {"cpu", to_text(cpu_crypto())},
                    {"identities", identities_of(facts_.lanes.identities())},
                    {"revocations", revocations_of(facts_.lanes.revocations())},
                    {"relay", relay_of(facts_.settings.cjsm.hops.front().address, *totals)},
                    {"relays", hops_of(facts_.relays)},
                    {"mail_servers", hops_of(facts_.mail_servers)},
                    {"ledger", std::move(ledger)},
                    {"audit", std::move(*audit)},
                    {"policy", facts_.book.status()},
                    {"clear", clear_of(facts_.settings.lan.clear, facts_.forward_clock.now())},
                    {"scanner", name_of(facts_.settings.scanner)},
                    {"today", today_of(*totals)}};
  if (facts_.firewall.is_watched()) status["firewall"] = firewall_of(facts_.firewall.now());
  for (HopBoard* board : {&facts_.relays, &facts_.mail_servers})
    if (const auto waits = board->waits(std::chrono::steady_clock::now());
        !waits.empty() && !status.contains("hop_waits"))
      status["hop_waits"] = waits;
  return status;
}

/// First `can` is asked, then the entry is put on the disk, then it is done: nothing is ever done that the
/// log does not know. An act that fails all the same gets an entry of its own.
Result<void> Desk::do_recorded(const DoorRequest& request, const Act& act, const Result<void>& can,
                               const std::function<Result<void>()>& perform) const {
  audit::Entry entry{.actor = request.actor.name,
                     .role = request.actor.role,
                     .source = request.actor.source,
                     .action = request.operation,
                     .object = act.object,
                     .params_hash = act.params_hash,
                     .outcome = "ok",
                     .why = act.why};
  Result<void> done = can;
  if (can) {
    if (auto recorded = facts_.record(entry); !recorded) return recorded;
    done = perform();
  }
  if (done) return done;
  entry.outcome = "failed";
  entry.why = done.error().message;
  static_cast<void>(facts_.record(entry));  // what cannot be recorded is an alert, and nothing was done
  return done;
}

/// {line: active, suspended or terminated; why}: new mail is answered so from now on.
Result<JsonObject> Desk::switch_line(const DoorRequest& request) {
  const auto text = json_text(request.body, "line");
  const auto why = json_text(request.body, "why");
  if (!text || !why) return std::unexpected(text ? why.error() : text.error());
  const auto state = line_state(*text);
  if (!state || why->empty())
    return fail(ErrorCode::kInvalid, "line: active, suspended or terminated, and why");
  const auto done =
      do_recorded(request, {.object = "line/" + *text, .why = *why}, facts_.book.may_switch_line(),
                  [&] { return facts_.book.set_line(*state, request.actor.name, *why); });
  if (!done) return std::unexpected(done.error());
  return JsonObject{{"line", to_string(facts_.book.line())}};
}

/// {key: as status names it, why}
Result<JsonObject> Desk::release_rate(const DoorRequest& request) {
  const auto key = json_text(request.body, "key");
  const auto why = json_text(request.body, "why");
  if (!key || !why) return std::unexpected(key ? why.error() : key.error());
  if (why->empty()) return fail(ErrorCode::kInvalid, "why: must be given");
  const auto done = do_recorded(request, {.object = "rate/" + *key, .why = *why},
                                facts_.book.may_release(*key), [&] { return facts_.book.release(*key); });
  if (!done) return std::unexpected(done.error());
  return JsonObject{};
}

/// {pem: lists of revoked certificates, why}: {revocations: all that are in use}
Result<JsonObject> Desk::take_revocations(const DoorRequest& request) {
  const auto pem = json_text(request.body, "pem");
  const auto why = json_text(request.body, "why");
  if (!pem || !why) return std::unexpected(pem ? why.error() : pem.error());
  if (why->empty()) return fail(ErrorCode::kInvalid, "why: must be given");
  const auto done = do_recorded(
      request, {.object = "side/cjsm", .why = *why, .params_hash = to_hex(sha256(bytes_of(*pem)))},
      facts_.lanes.may_take_revocations(*pem), [&] { return facts_.lanes.take_revocations(*pem); });
  if (!done) return std::unexpected(done.error());
  log_event(LogLevel::kNotice, "revocations-in-use", {});
  return JsonObject{{"revocations", revocations_of(facts_.lanes.revocations())}};
}

/// {text, limit?}: {entries: [{name, organisation, address}]}, active ones only.
Result<JsonObject> Desk::search_directory(const DoorRequest& request) {
  const auto text = json_text(request.body, "text");
  if (!text) return std::unexpected(text.error());
  const auto limit = json_number(request.body, "limit", kMostFound, 1, kMostFound);
  if (!limit) return std::unexpected(limit.error());
  const auto rules = facts_.book.rules();
  JsonArray entries;
  for (const auto* entry : rules->directory.search(*text, static_cast<std::size_t>(*limit)))
    entries.push_back(JsonObject{{"name", entry->cell("Firstname") + " " + entry->cell("Lastname")},
                                 {"organisation", entry->cell("Organisation")},
                                 {"address", entry->cell("Secure Email")}});
  return JsonObject{{"entries", std::move(entries)}};
}

/// {format: ldif or csv, after?}: {text, next, entries}; `next` is the next part's `after`, and equal to
/// `entries` behind the last part.
Result<JsonObject> Desk::export_directory(const DoorRequest& request) {
  const auto format = json_text(request.body, "format");
  if (!format) return std::unexpected(format.error());
  if (*format != "ldif" && *format != "csv") return fail(ErrorCode::kInvalid, "format: ldif or csv");
  const auto after = json_number(request.body, "after", 0, 0, kMostId);
  if (!after) return std::unexpected(after.error());
  const auto rules = facts_.book.rules();
  const std::size_t entries = rules->directory.entries().size();
  const auto part = rules->directory.to_file(
      *format == "csv" ? policy::Directory::Format::kCsv : policy::Directory::Format::kLdif,
      std::min(static_cast<std::size_t>(*after), entries), kExportBytes);
  return JsonObject{{"text", part.text}, {"next", part.next}, {"entries", entries}};
}

/// {size, root, checkpoint_size, signed_at?, unsigned_since?, failure?}
Result<JsonObject> Desk::audit_status() {
  auto log = audit::Log::open_to_read(reader_.database(), facts_.settings.audit.origin, facts_.clock);
  if (!log) return std::unexpected(log.error());
  const auto size = log->size();
  const auto root = log->root();
  const auto note = log->last_checkpoint();
  if (!size || !root || !note) return fail(ErrorCode::kUnavailable, "audit log: cannot be read");
  const auto checkpoint = audit::parse_note(*note);
  const std::uint64_t checkpoint_size = checkpoint ? checkpoint->checkpoint.size : 0;
  JsonObject object{{"size", *size}, {"root", to_hex(*root)}, {"checkpoint_size", checkpoint_size}};
  const auto state = checkpoint_state();
  if (state.signed_at) object["signed_at"] = to_rfc3339(*state.signed_at);
  const auto unsigned_entries = log->entries(checkpoint_size, 1);
  if (unsigned_entries && !unsigned_entries->empty())
    object["unsigned_since"] = time_of(unsigned_entries->front());
  if (!state.failure.empty()) object["failure"] = state.failure;
  return object;
}

audit::CheckpointWriter::State Desk::checkpoint_state() const {
  if (facts_.checkpoints != nullptr) return facts_.checkpoints->state();
  return {.signed_at = {}, .failure = "no audit key is configured", .public_key = {}};
}

Result<JsonObject> Desk::flow(const DoorRequest& request) {
  const auto minutes = json_number(request.body, "minutes", 60, 1, kMostMinutes);
  if (!minutes) return std::unexpected(minutes.error());
  const WallTime first =
      std::chrono::floor<std::chrono::minutes>(facts_.clock.now()) - std::chrono::minutes(*minutes - 1);
  const std::string from = to_rfc3339(first);
  const auto counts = reader_.flow(from);
  if (!counts) return std::unexpected(counts.error());
  const auto tls = reader_.tls_shares(from);
  if (!tls) return std::unexpected(tls.error());
  return JsonObject{{"from", from}, {"minutes", flow_of(*counts, first, *minutes)}, {"tls", tls_of(*tls)}};
}

void Desk::settle_words() {
  static_cast<void>(facts_.change([](LedgerStore&) { return Result<void>(); }));
}

Result<JsonObject> Desk::find(const DoorRequest& request) {
  const auto text = json_text(request.body, "text", "");
  if (!text) return std::unexpected(text.error());
  const auto from = bound(request.body, "from");
  if (!from) return std::unexpected(from.error());
  const auto to = bound(request.body, "to");
  if (!to) return std::unexpected(to.error());
  const auto outcome = json_text(request.body, "outcome", "");
  if (!outcome) return std::unexpected(outcome.error());
  const auto before_id = json_number(request.body, "before_id", 0, 0, kMostId);
  if (!before_id) return std::unexpected(before_id.error());
  const auto limit = json_number(request.body, "limit", kMostMails, 1, kMostMails);
  if (!limit) return std::unexpected(limit.error());
  if (!text->empty()) settle_words();
  const auto mails = reader_.find({.text = *text,
                                   .from = *from,
                                   .to = *to,
                                   .outcome = *outcome,
                                   .before_id = *before_id,
                                   .limit = *limit});
  if (!mails) return std::unexpected(mails.error());
  return list_of(*mails, static_cast<std::size_t>(*limit));
}

Result<JsonObject> Desk::track(const DoorRequest& request) {
  const auto id = json_number(request.body, "id");
  if (!id) return std::unexpected(id.error());
  return reader_.mail(*id).transform(track_of);
}

/// {from?}: as partners_of() says.
Result<JsonObject> Desk::partners(const DoorRequest& request) {
  const auto from = bound(request.body, "from");
  if (!from) return std::unexpected(from.error());
  settle_words();
  return reader_.domains(*from).transform(
      [this](const auto& domains) { return partners_of(domains, facts_.settings.domains); });
}

Result<JsonObject> Desk::extract(const DoorRequest& request) {
  const auto from = bound(request.body, "from");
  if (!from) return std::unexpected(from.error());
  const auto to = bound(request.body, "to");
  if (!to) return std::unexpected(to.error());
  const auto after_id = json_number(request.body, "after_id", 0, 0, kMostId);
  if (!after_id) return std::unexpected(after_id.error());
  const auto limit = json_number(request.body, "limit", kMostExtracted, 1, kMostExtracted);
  if (!limit) return std::unexpected(limit.error());
  const auto rows = reader_.extract(*from, *to, *after_id, *limit);
  if (!rows) return std::unexpected(rows.error());
  return extract_of(*rows, static_cast<std::size_t>(*limit));
}

}  // namespace privyseal::gateway
