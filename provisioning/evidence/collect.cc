#include "provisioning/evidence/collect.h"

#include <algorithm>
#include <format>
#include <thread>

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

struct Extract {
  Mails mails;
  std::uint64_t needed_size = 1;  ///< of the signed log; at least the first entry, for the appliance's name
};

Result<Extract> extract(const Collecting& at, const DateRange& range) {
  Extract all{.mails = Mails(Lines(at.folder))};
  LedgerExtract ledger(at.appliance, range);
  for (;;) {
    const auto next = ledger.next();
    if (!next) return std::unexpected(next.error());
    const std::optional<JsonObject>& mail = *next;
    if (!mail) return all;
    all.needed_size = std::max(all.needed_size, needed_size(*mail));
    all.mails.push_back(*mail);
  }
}

/// The mails, as far as the signed log proves them.
void keep_proved(Facts& facts, const Extract& all, const SignedLog& log) {
  if (all.needed_size <= log.lines.size()) {
    facts.mails = all.mails;
    return;
  }
  for (const JsonObject& mail : all.mails) {
    if (needed_size(mail) <= log.lines.size())
      facts.mails.push_back(mail);
    else
      ++facts.unsigned_mails;
  }
}

}  // namespace

Result<void> LedgerExtract::ask() {
  auto answer = appliance_.ask(Daemon::kGatewayd, {{"op", "ledger-extract"},
                                                   {"from", to_rfc3339(range_.from)},
                                                   {"to", to_rfc3339(range_.to)},
                                                   {"after_id", after_},
                                                   {"limit", kRowsInOneAnswer}});
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
  keep_proved(facts, *all, *log);
  return facts;
}

}  // namespace privyseal::evidence
