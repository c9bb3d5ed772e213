#include "provisioning/evidence/collect.h"

#include <algorithm>
#include <format>
#include <thread>

#include "provisioning/evidence/ledger_check.h"
#include "provisioning/evidence/reading.h"

namespace privyseal::evidence {
namespace {

constexpr std::int64_t kRowsInOneAnswer = 50;
constexpr std::chrono::seconds kLookAgain{1};

/// How many entries of gatewayd's log must be signed for this mail to be proved.
std::uint64_t needed_size(const JsonObject& mail) {
  return std::max(count_at(mail, "opened_seq"), count_at(mail, "closed_seq")) + 1;
}

std::uint64_t signed_size(const std::string& note) {
  const auto parsed = audit::parse_note(note);
  return parsed ? parsed->checkpoint.size : 0;
}

/// Returns when gatewayd has signed `size` entries, or when the time is over.
Result<void> wait_for_checkpoint(const Collecting& at, std::uint64_t size, std::chrono::seconds wait) {
  const auto until = std::chrono::steady_clock::now() + wait;
  for (bool is_first = true;; is_first = false) {
    const auto state = at.appliance.audit_state(Daemon::kGatewayd);
    if (!state) return std::unexpected(state.error());
    if (signed_size(state->note) >= size || std::chrono::steady_clock::now() >= until) return {};
    if (is_first)
      at.say(std::format("waiting until gatewayd has signed what it recorded last, {} at most", wait));
    std::this_thread::sleep_for(kLookAgain);
  }
}

std::string host_of(const SignedLog& log) {
  const auto note = audit::parse_note(log.note);
  if (!note) return {};
  return note->checkpoint.origin.substr(0, note->checkpoint.origin.rfind('/'));
}

Result<JsonObject> ask_for_rows(const Appliance& appliance, const DateRange& range, std::int64_t after_id,
                                std::int64_t limit) {
  return appliance.ask(Daemon::kGatewayd, {{"op", "ledger-extract"},
                                           {"from", to_rfc3339(range.from)},
                                           {"to", to_rfc3339(range.to)},
                                           {"after_id", after_id},
                                           {"limit", limit}});
}

struct Extract {
  Mails mails;
  std::uint64_t needed_size = 1;  ///< of the signed log; at least the first entry, for the appliance's name
  bool has_open = false;          ///< a mail that had not ended when its row was read
};

bool has_no_end(const JsonObject& mail) { return !number_at(mail, "closed_seq"); }

Result<Extract> extract(const Collecting& at, const DateRange& range) {
  Extract all{.mails = Mails(Lines(at.folder))};
  LedgerExtract ledger(at.appliance, range);
  for (;;) {
    const auto next = ledger.next();
    if (!next) return std::unexpected(next.error());
    const std::optional<JsonObject>& mail = *next;
    if (!mail) return all;
    all.needed_size = std::max(all.needed_size, needed_size(*mail));
    all.has_open = all.has_open || has_no_end(*mail);
    all.mails.push_back(*mail);
  }
}

/// The row as the ledger has it now; as it was, when the ledger has it no more.
Result<JsonObject> read_again(const Appliance& appliance, const DateRange& range, const JsonObject& mail) {
  const std::int64_t id = number_at(mail, "id").value_or(0);
  const auto answer = ask_for_rows(appliance, range, id - 1, 1);
  if (!answer) return std::unexpected(answer.error());
  for (const JsonObject* now : objects_at(*answer, "mails"))
    if (number_at(*now, "id") == id) return *now;
  return mail;
}

/// The mails as the signed log has them. Rows were read before the log, which may have the end of one that
/// was open then: such rows are read again.
Result<void> keep_proved(const Appliance& appliance, Facts& facts, const Extract& all, const SignedLog& log) {
  if (!all.has_open && all.needed_size <= log.lines.size()) {
    facts.mails = all.mails;
    return {};
  }
  for (const JsonObject& mail : all.mails) {
    auto now = has_no_end(mail) ? read_again(appliance, facts.range, mail) : mail;
    if (!now) return std::unexpected(now.error());
    if (const auto proved = as_signed(std::move(*now), log.lines.size()))
      facts.mails.push_back(*proved);
    else
      ++facts.unsigned_mails;
  }
  return {};
}

}  // namespace

Result<void> LedgerExtract::ask() {
  const auto answer = ask_for_rows(appliance_, range_, after_, kRowsInOneAnswer);
  if (!answer) return std::unexpected(answer.error());
  for (const JsonObject* mail : objects_at(*answer, "mails")) {
    const std::int64_t id = number_at(*mail, "id").value_or(0);
    if (id <= after_) return fail(ErrorCode::kUnavailable, "gatewayd: its ledger extract is out of order");
    after_ = id;
    page_.push_back(*mail);
  }
  has_more_ = json_flag(*answer, "more", false).value_or(false);
  if (has_more_ && page_.empty())
    return fail(ErrorCode::kUnavailable, "gatewayd: its ledger extract does not go on");
  return {};
}

Result<std::optional<JsonObject>> LedgerExtract::next() {
  if (page_.empty() && has_more_)
    if (auto asked = ask(); !asked) return std::unexpected(asked.error());
  if (page_.empty()) return std::nullopt;
  JsonObject mail = std::move(page_.front());
  page_.pop_front();
  return mail;
}

Result<Facts> collect(const Collecting& at, const DateRange& range, std::chrono::seconds wait) {
  Appliance& appliance = at.appliance;
  auto key = appliance.audit_key();
  if (!key) return std::unexpected(key.error());
  const auto all = extract(at, range);
  if (!all) return std::unexpected(all.error());
  if (auto waited = wait_for_checkpoint(at, all->needed_size, wait); !waited)
    return std::unexpected(waited.error());

  Facts facts{.range = range,
              .now = at.clock.now(),
              .host = {},
              .gateway = appliance.ask(Daemon::kGatewayd, {{"op", "status"}}),
              .certificates = appliance.ask(Daemon::kRenewd, {{"op", "cert-list"}}),
              .accounts = appliance.ask(Daemon::kAdmind, {{"op", "users"}}),
              .keys = appliance.keys(),
              .uses = appliance.key_uses(),
              .token = judge_token(claims_validated_token(appliance.ask(Daemon::kAdmind, {{"op", "status"}})),
                                   appliance.keyd_health()),
              .audit_key = std::move(*key),
              .logs = {},
              .mails = Mails(Lines(at.folder)),
              .declarations = {}};
  for (const Daemon daemon : kDaemons) facts.logs.emplace(daemon, copy_log(appliance, daemon, at.folder));
  const auto& log = facts.logs.at(Daemon::kGatewayd);
  if (!log) return std::unexpected(log.error());
  facts.host = host_of(*log);
  if (facts.host.empty())
    return fail(ErrorCode::kUnavailable,
                "gatewayd: it has not signed its audit log yet; try again in a minute");
  if (auto kept = keep_proved(appliance, facts, *all, *log); !kept) return std::unexpected(kept.error());
  return facts;
}

}  // namespace privyseal::evidence
