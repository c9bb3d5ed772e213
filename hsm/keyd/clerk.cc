#include "hsm/keyd/clerk.h"

#include <algorithm>
#include <future>

#include "firmware/base/log.h"
#include "hsm/keyd/checkpoint.h"

namespace privyseal::keyd {
namespace {

audit::Entry own_entry(std::string action, std::string why) {
  return {.actor = "keyd",
          .role = "daemon",
          .source = {},
          .action = std::move(action),
          .object = "keyd",
          .params_hash = {},
          .outcome = "ok",
          .why = std::move(why)};
}

/// The audit key, for keyd's own log: the same rules as for everybody else's.
class OwnSigner final : public audit::Signer {
 public:
  OwnSigner(KeyRef key, Journal& journal, Workers& workers)
      : key_(std::move(key)), journal_(journal), workers_(workers) {}

  [[nodiscard]] std::string name() const override { return key_->name(); }
  [[nodiscard]] Result<Bytes> public_key() override { return key_->public_key().spki(); }
  [[nodiscard]] Result<Bytes> sign(std::string_view text) override {
    const auto checkpoint = check_checkpoint(text);
    if (!checkpoint) return std::unexpected(checkpoint.error());
    if (auto kept = journal_.remember(*checkpoint); !kept) return std::unexpected(kept.error());
    return signed_by_worker(std::string(text));
  }

 private:
  Result<Bytes> signed_by_worker(std::string text) {
    auto told = std::make_shared<std::promise<hsm::Answer>>();
    auto answer = told->get_future();
    const auto job = std::make_shared<Job>(
        0, Workers::kShortestLimit,
        [key = key_, text = std::move(text)](WorkSession& work) { return signed_answer(*key, text, work); },
        [told](const hsm::Answer& given) { told->set_value(given); });
    if (!workers_.take(job)) return fail(ErrorCode::kUnavailable, "keyd ends");
    auto body = answer.get().body;  // a job is always answered
    if (auto* made = std::get_if<hsm::SignatureAnswer>(&body)) return std::move(made->signature);
    const auto& error = std::get<hsm::ErrorAnswer>(body);
    return fail(error.code, error.message);
  }

  static hsm::Answer signed_answer(Key& key, std::string_view text, WorkSession& work) {
    auto signature = key.sign(work, document_scheme(key.public_key().type()), bytes_of(text));
    if (!signature)
      return {.body = hsm::ErrorAnswer{.code = signature.error().code, .message = signature.error().message}};
    ++key.checkpoint_uses;
    return {.body = hsm::SignatureAnswer{.signature = std::move(*signature)}};
  }

  KeyRef key_;
  Journal& journal_;
  Workers& workers_;
};

}  // namespace

Clerk::~Clerk() { stop(); }

void Clerk::begin(const std::string& exception) {
  const std::string missing = take_up_uses();
  record(own_entry("keyd-started", std::to_string(keys_.all().size()) + " keys are offered" +
                                       (exception.empty() ? "" : "; " + exception) + missing));
  thread_ = std::thread([this] { work(); });
}

void Clerk::end() {
  stop();
  for (const RefusalTally::Due& due : tally_.all()) static_cast<void>(write(due));
  record(own_entry("keyd-stopped", {}));
  sign_checkpoint();
  if (!knows_uses_) return;
  if (const auto done = journal_.end_run(uses_now()); !done)
    log_event(LogLevel::kError, "uses-not-kept", {{"why", done.error().message}});
}

std::vector<hsm::KeyUses> Clerk::uses_now() {
  std::vector<hsm::KeyUses> uses;
  for (const KeyRef& key : keys_.all()) {
    uses.push_back(key->uses());
    uses.back().refused = 0;
  }
  return uses;
}

std::string Clerk::take_up_uses() {
  const auto earlier = journal_.uses();
  const auto ended_in_order = earlier ? journal_.begin_run() : std::unexpected(earlier.error());
  if (!ended_in_order) {
    log_event(LogLevel::kAlert, "uses-not-known", {{"why", ended_in_order.error().message}});
    return "; their uses before this start are not known";
  }
  for (const hsm::KeyUses& uses : *earlier)
    if (const KeyRef key = keys_.find(uses.name)) key->add_uses(uses);
  knows_uses_ = true;
  return *ended_in_order ? "" : "; keyd was not stopped in order: uses of its last seconds are not counted";
}

/// At most one write in a few seconds, and none when nothing was signed: no signature waits for it.
void Clerk::keep_uses() {
  auto uses = uses_now();
  if (!knows_uses_ || uses == kept_uses_) return;
  if (const auto done = journal_.keep_uses(uses); !done)
    return log_event(LogLevel::kError, "uses-not-kept", {{"why", done.error().message}});
  kept_uses_ = std::move(uses);
}

void Clerk::note_day() {
  const auto today = std::chrono::floor<std::chrono::days>(clock_.now());
  if (today == noted_day_) return;
  if (const auto done = journal_.note_day(today); !done)
    return log_event(LogLevel::kError, "day-not-noted", {{"why", done.error().message}});
  noted_day_ = today;
}

void Clerk::stop() {
  {
    const std::lock_guard lock(mutex_);
    is_stopping_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void Clerk::refused(Refusal refusal) {
  {
    const std::lock_guard lock(mutex_);
    tally_.add(std::move(refusal));
  }
  changed_.notify_all();
}

void Clerk::work() {
  Time next_look = std::chrono::steady_clock::now();
  std::unique_lock lock(mutex_);
  while (!is_stopping_) {
    const Time now = std::chrono::steady_clock::now();
    if (const auto due = tally_.due(now); !due.empty()) {
      lock.unlock();
      const bool is_written = write(due.front());
      lock.lock();
      tally_.settle(due.front(), is_written, std::chrono::steady_clock::now());
    } else if (next_look <= now) {
      lock.unlock();
      sign_if_due();
      keep_uses();
      note_day();
      lock.lock();
      next_look = std::chrono::steady_clock::now() + audit::CheckpointRhythm::kLookEvery;
    } else {
      changed_.wait_until(lock, std::min(next_look, tally_.next_due().value_or(next_look)));
    }
  }
}

void Clerk::record(const audit::Entry& entry) {
  if (auto done = journal_.record(entry); !done)
    log_event(LogLevel::kAlert, "act-not-recorded", {{"act", entry.action}, {"why", done.error().message}});
}

bool Clerk::write(const RefusalTally::Due& due) {
  const auto done = journal_.record(due.entry);
  if (!done)
    log_event(LogLevel::kAlert, "refusals-not-recorded",
              {{"caller", due.actor}, {"count", due.count}, {"why", done.error().message}});
  return done.has_value();
}

void Clerk::sign_if_due() {
  const auto log = journal_.last_checkpoint();
  if (!log || rhythm_.is_due(log->size, std::chrono::steady_clock::now())) sign_checkpoint();
}

void Clerk::sign_checkpoint() {
  const KeyRef key = keys_.find(kAuditKey);
  if (!key || key->role() != hsm::KeyRole::kAudit) return;  // before it was made, on day one
  OwnSigner signer(key, journal_, signing_);
  const auto log = journal_.last_checkpoint();
  if (const auto done = journal_.checkpoint(signer); !done)
    log_event(LogLevel::kError, "checkpoint-not-signed", {{"why", done.error().message}});
  else if (log)
    rhythm_.signed_now(log->size, std::chrono::steady_clock::now());
}

}  // namespace privyseal::keyd
