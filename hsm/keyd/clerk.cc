#include "hsm/keyd/clerk.h"

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
  OwnSigner(KeyRef key, Journal& journal, WorkSession& work)
      : key_(std::move(key)), journal_(journal), work_(work) {}

  [[nodiscard]] std::string name() const override { return key_->name(); }
  [[nodiscard]] Result<Bytes> public_key() override { return key_->public_key().spki(); }
  [[nodiscard]] Result<Bytes> sign(std::string_view text) override {
    const auto checkpoint = check_checkpoint(text);
    if (!checkpoint) return std::unexpected(checkpoint.error());
    if (auto kept = journal_.remember(*checkpoint); !kept) return std::unexpected(kept.error());
    auto signature = key_->sign(work_, bytes_of(text));
    if (signature) ++key_->checkpoint_uses;
    return signature;
  }

 private:
  KeyRef key_;
  Journal& journal_;
  WorkSession& work_;
};

}  // namespace

Clerk::~Clerk() { stop(); }

void Clerk::begin() {
  record(own_entry("keyd-started", std::to_string(keys_.all().size()) + " keys are offered"));
  thread_ = std::thread([this] { work(); });
}

void Clerk::end() {
  stop();
  for (const RefusalTally::Due& due : tally_.all()) static_cast<void>(write(due));
  record(own_entry("keyd-stopped", {}));
  sign_checkpoint();
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
  Time next_checkpoint = std::chrono::steady_clock::now();
  std::unique_lock lock(mutex_);
  while (!is_stopping_) {
    const Time now = std::chrono::steady_clock::now();
    if (const auto due = tally_.due(now); !due.empty()) {
      lock.unlock();
      const bool is_written = write(due.front());
      lock.lock();
      tally_.settle(due.front(), is_written, std::chrono::steady_clock::now());
    } else if (next_checkpoint <= now) {
      lock.unlock();
      sign_checkpoint();
      lock.lock();
      next_checkpoint = std::chrono::steady_clock::now() + kCheckpointEvery;
    } else {
      changed_.wait_until(lock, std::min(next_checkpoint, tally_.next_due().value_or(next_checkpoint)));
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

void Clerk::sign_checkpoint() {
  const KeyRef key = keys_.find(kAuditKey);
  if (!key || key->role() != hsm::KeyRole::kAudit) return;  // before it was made, on day one
  OwnSigner signer(key, journal_, work_);
  if (const auto done = journal_.checkpoint(signer); !done)
    log_event(LogLevel::kError, "checkpoint-not-signed", {{"why", done.error().message}});
}

}  // namespace privyseal::keyd
