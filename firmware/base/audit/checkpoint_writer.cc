#include "firmware/base/audit/checkpoint_writer.h"

#include "firmware/base/log.h"

namespace privyseal::audit {

Result<std::unique_ptr<CheckpointWriter>> CheckpointWriter::start(Options options,
                                                                  std::unique_ptr<Signer> signer,
                                                                  const Clock& clock) {
  auto database =
      Database::open(options.database, Database::Mode::kReadWrite, Database::Integrity::kCheckedBefore);
  if (!database) return fail("checkpoints", database.error());
  auto kept = std::make_unique<Database>(std::move(*database));
  auto log = Log::open(*kept, options.origin, clock);
  if (!log) return fail("checkpoints", log.error());
  return std::unique_ptr<CheckpointWriter>(
      new CheckpointWriter(std::move(options), std::move(kept), std::move(*log), std::move(signer), clock));
}

CheckpointWriter::CheckpointWriter(Options options, std::unique_ptr<Database> database, Log log,
                                   std::unique_ptr<Signer> signer, const Clock& clock)
    : options_(std::move(options)),
      database_(std::move(database)),
      log_(std::move(log)),
      signer_(std::move(signer)),
      clock_(clock),
      thread_([this] { run(); }) {}

CheckpointWriter::~CheckpointWriter() { stop(); }

void CheckpointWriter::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  if (thread_.joinable()) thread_.join();
}

CheckpointWriter::State CheckpointWriter::state() {
  const std::lock_guard lock(mutex_);
  return state_;
}

void CheckpointWriter::run() {
  for (bool last = false; !last;) {
    write_if_due(false);
    std::unique_lock lock(mutex_);
    wake_.wait_for(lock, options_.every, [this] { return stopping_; });
    last = stopping_;
  }
  write_if_due(true);  // what came in since
}

Result<bool> CheckpointWriter::write(bool is_last) {
  const auto size = log_.size();
  if (!size) return std::unexpected(size.error());
  if (!rhythm_.is_due(*size, std::chrono::steady_clock::now()) && !is_last) return false;
  const auto written = log_.checkpoint(*signer_);
  if (written) rhythm_.signed_now(*size, std::chrono::steady_clock::now());
  return written;
}

void CheckpointWriter::write_if_due(bool is_last) {
  // Asked for each time: it tells whether the key is there even when there is nothing to sign.
  auto key = signer_->public_key();
  auto written = key ? write(is_last) : fail("audit key " + signer_->name(), key.error());
  const std::lock_guard lock(mutex_);
  if (key) state_.public_key = std::move(*key);
  note(std::move(written));
}

/// Under the lock. Said once when it begins to fail and once when it works again, not at every look.
void CheckpointWriter::note(Result<bool> written) {
  const bool was_failing = !state_.failure.empty();
  state_.failure = written ? "" : written.error().message;
  if (written && *written) state_.signed_at = clock_.now();
  if (!written && !was_failing)
    log_event(LogLevel::kWarning, "checkpoint-not-signed", {{"why", state_.failure}});
  if (written && was_failing) log_event(LogLevel::kNotice, "checkpoints-signed-again");
}

}  // namespace privyseal::audit
