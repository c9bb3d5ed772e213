#include "firmware/gateway/ledger.h"

#include <algorithm>
#include <atomic>
#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <condition_variable>
#include <future>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "firmware/base/guarded.h"
#include "firmware/base/log.h"

namespace privyseal::gateway {

namespace asio = boost::asio;

class Ledger::Writer {
 public:
  using Done = asio::any_completion_handler<void(Result<RowId>)>;

  /// One row to add, to close, or both; or an entry for the audit log alone.
  struct Job {
    std::optional<MailRecord> record;
    RowId row = 0;
    std::optional<MailEnd> end;
    std::optional<audit::Entry> entry{};
    std::optional<UnheardStore::Mail> unheard{};
    std::vector<MailIdentity> forget{};               ///< of those
    std::function<Result<void>(LedgerStore&)> act{};  ///< instead of all these
    Done done{};                                      ///< none: no loop waits
    asio::any_io_executor loop{};                     ///< where `done` must run
    std::promise<Result<void>> written{};             ///< for a thread that waits
  };

  Writer(std::filesystem::path file, std::string origin, const Clock& clock, LedgerStore store)
      : file_(std::move(file)),
        origin_(std::move(origin)),
        clock_(clock),
        store_(std::move(store)),
        thread_([this] { run(); }) {}

  ~Writer() { stop(); }

  void stop() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    wake_.notify_one();
    if (thread_.joinable()) thread_.join();
  }

  net::awaitable<Result<RowId>> write(std::optional<MailRecord> record, RowId row, std::optional<MailEnd> end,
                                      std::optional<UnheardStore::Mail> unheard = std::nullopt) {
    Job job{.record = std::move(record),
            .row = row,
            .end = std::move(end),
            .unheard = unheard,
            .loop = co_await asio::this_coro::executor};
    co_return co_await asio::async_initiate<const asio::use_awaitable_t<>, void(Result<RowId>)>(
        [this](Done done, Job waiting) {
          waiting.done = std::move(done);
          enqueue(std::move(waiting));
        },
        asio::use_awaitable, std::move(job));
  }

  void note(audit::Entry entry) {
    enqueue({.record = std::nullopt, .row = 0, .end = std::nullopt, .entry = std::move(entry)});
  }

  Result<void> record(audit::Entry entry) {
    Job job{.record = std::nullopt, .row = 0, .end = std::nullopt, .entry = std::move(entry)};
    auto written = job.written.get_future();
    enqueue(std::move(job));
    return written.get();
  }

  /// Written with what comes next: it is not worth a sync of its own.
  void forget(std::vector<MailIdentity> mails) {
    const std::lock_guard lock(mutex_);
    forget_.insert(forget_.end(), mails.begin(), mails.end());
  }

  Result<void> change(std::function<Result<void>(LedgerStore&)> act) {
    Job job{.record = std::nullopt, .row = 0, .end = std::nullopt, .act = std::move(act)};
    auto written = job.written.get_future();
    enqueue(std::move(job));
    return written.get();
  }

  std::string purge_waits() {
    return delay_.with([](const std::string& now) { return now; });
  }
  [[nodiscard]] std::uint64_t failures() const { return failures_; }
  [[nodiscard]] bool has_room() const {
    constexpr std::uintmax_t kOneCommit = 64UL << 10;
    std::error_code error;
    const auto space = std::filesystem::space(file_, error);
    return error || space.available >= kOneCommit;
  }

 private:
  static constexpr std::size_t kMaxQueued = 4096;
  // A step takes some milliseconds, and mail waits for no more than one of them.
  static constexpr std::int64_t kRowsAStep = 200;
  static constexpr std::chrono::seconds kNextStep{1};
  static constexpr std::chrono::hours kNextPurge{1};
  static constexpr std::chrono::seconds kWordsWait{1};

  void enqueue(Job job) {
    {
      const std::lock_guard lock(mutex_);
      if (!stopping_ && queue_.size() < kMaxQueued) {
        queue_.push_back(std::move(job));
        wake_.notify_one();
        return;
      }
    }
    complete(std::move(job), fail(ErrorCode::kUnavailable, "ledger: it is stopping, or too many rows wait"));
  }

  void run() {
    std::vector<Job> batch;
    for (;;) {
      {
        std::unique_lock lock(mutex_);
        wake_.wait_until(lock, words_due_ ? std::min(next_purge_, *words_due_) : next_purge_,
                         [this] { return stopping_ || !queue_.empty(); });
        if (stopping_ && queue_.empty()) break;
        batch.swap(queue_);
        if (!batch.empty()) batch.back().forget.swap(forget_);
      }
      if (!batch.empty()) write_batch(batch);
      batch.clear();
      const auto now = std::chrono::steady_clock::now();
      if (words_due_ && now >= *words_due_) enter_words();
      if (now >= next_purge_) purge();
    }
    if (words_due_) enter_words();
  }

  /// Of mails that came alone.
  void enter_words() {
    words_due_.reset();
    const auto entered =
        with_store([](LedgerStore& store) { return store.together([] { return Result<void>(); }); });
    if (!entered) tell_failure(entered.error(), 0);
  }

  void tell_failure(const Error& error, std::size_t rows) {
    ++failures_;
    log_event(LogLevel::kAlert, "ledger-not-writable", {{"why", error.message}, {"rows", rows}});
  }

  void purge() {
    if (purged_.opened_at.empty()) live();
    const auto step =
        with_store([this](LedgerStore& store) { return store.purge(purged_, clock_.now(), kRowsAStep); });
    const bool goes_on = step && !step->is_done;
    purged_ = goes_on ? *step : Retention::Progress{};
    next_purge_ = std::chrono::steady_clock::now() +
                  (goes_on ? std::chrono::steady_clock::duration(kNextStep) : kNextPurge);
    if (!step) log_event(LogLevel::kAlert, "ledger-not-purged", {{"why", step.error().message}});
  }

  /// What delays purging is said once, when it begins.
  void live() {
    const auto delay = with_store([this](LedgerStore& store) { return store.live(clock_); });
    if (!delay) {
      log_event(LogLevel::kAlert, "ledger-not-purged", {{"why", delay.error().message}});
      return;
    }
    const auto before = delay_.with([&](std::string& now) { return std::exchange(now, *delay); });
    if (!delay->empty() && before.empty())
      log_event(LogLevel::kWarning, "ledger-purge-waits", {{"why", *delay}});
  }

  /// What `use` gives. After an error the file is opened anew for the next one.
  template <class Use>
  std::invoke_result_t<Use, LedgerStore&> with_store(Use use) {
    if (!store_) {
      auto store = LedgerStore::open(file_, origin_, clock_);
      if (!store) return std::unexpected(store.error());
      store_.emplace(std::move(*store));
    }
    auto result = use(*store_);
    if (!result && result.error().code != ErrorCode::kNotFound && result.error().code != ErrorCode::kConflict)
      store_.reset();
    return result;
  }

  void write_batch(std::vector<Job>& batch) {
    std::vector<RowId> rows;
    const auto written = try_batch(batch, rows);
    if (!written) tell_failure(written.error(), batch.size());
    if (!store_ || !store_->lacks_words())
      words_due_.reset();
    else if (!words_due_)
      words_due_ = std::chrono::steady_clock::now() + kWordsWait;
    for (std::size_t i = 0; i < batch.size(); ++i)
      if (batch[i].act)
        change(batch[i]);
      else
        complete(std::move(batch[i]), written ? Result<RowId>(rows[i]) : std::unexpected(written.error()));
  }

  void change(Job& job) {
    job.written.set_value(
        with_store([&](LedgerStore& store) { return store.together([&] { return job.act(store); }); }));
  }

  Result<void> try_batch(const std::vector<Job>& batch, std::vector<RowId>& rows) {
    return with_store([&](LedgerStore& store) {
      return store.together([&] { return write(batch, rows); }, LedgerStore::Words::kLater);
    });
  }

  /// Inside a transaction.
  Result<void> write(const std::vector<Job>& batch, std::vector<RowId>& rows) {
    for (const Job& job : batch) {
      RowId row = job.row;
      if (job.record) {
        const auto added = store_->add(*job.record);
        if (!added) return std::unexpected(added.error());
        row = *added;
      }
      if (job.end)
        if (auto closed = store_->close(row, *job.end); !closed) return closed;
      if (job.entry)
        if (auto noted = store_->note(*job.entry); !noted) return noted;
      if (job.unheard)
        if (auto added = store_->unheard().add(*job.unheard); !added) return added;
      for (const MailIdentity& mail : job.forget)
        if (auto removed = store_->unheard().remove(mail); !removed) return removed;
      rows.push_back(row);
    }
    return {};
  }

  static void complete(Job job, Result<RowId> result) {
    if (!job.done) {
      if (!result && job.entry)
        log_event(LogLevel::kAlert, "audit-entry-not-written", {{"action", job.entry->action}});
      job.written.set_value(result.transform([](RowId) {}));
      return;
    }
    asio::post(job.loop, [done = std::move(job.done), result = std::move(result)]() mutable {
      std::move(done)(std::move(result));
    });
  }

  const std::filesystem::path file_;
  const std::string origin_;
  const Clock& clock_;
  std::optional<LedgerStore> store_;  // the writer thread's alone
  Retention::Progress purged_;        // likewise
  Guarded<std::string> delay_;
  std::chrono::steady_clock::time_point next_purge_ = std::chrono::steady_clock::now();  // likewise
  std::optional<std::chrono::steady_clock::time_point> words_due_;                       // likewise
  std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<Job> queue_;            // guarded by mutex_
  std::vector<MailIdentity> forget_;  // guarded by mutex_
  bool stopping_ = false;             // guarded by mutex_
  std::atomic<std::uint64_t> failures_ = 0;
  std::thread thread_;  // last: it uses all of the above
};

Result<std::unique_ptr<Ledger>> Ledger::open(const std::filesystem::path& file, const std::string& origin,
                                             const Clock& clock) {
  auto store = LedgerStore::open(file, origin, clock);
  if (!store) return std::unexpected(store.error());
  if (auto closed = store->close_left_overs(clock.now()); !closed) return std::unexpected(closed.error());
  const auto unheard = store->unheard_mails();
  if (!unheard) return std::unexpected(unheard.error());
  Bytes key = store->unheard().key();
  std::unique_ptr<Ledger> ledger(
      new Ledger(std::make_unique<Writer>(file, origin, clock, std::move(*store)), std::move(key)));
  for (const UnheardStore::Mail& mail : *unheard) {
    ledger->writer_->forget(ledger->unheard_.add(mail.identity, mail.row, mail.at));
    ledger->unheard_.lose(mail.identity);
  }
  return ledger;
}

Ledger::Ledger(std::unique_ptr<Writer> writer, Bytes identity_key)
    : identity_key_(std::move(identity_key)), writer_(std::move(writer)) {}
Ledger::~Ledger() = default;

void Ledger::stop() { writer_->stop(); }

void Ledger::note(audit::Entry entry) { writer_->note(std::move(entry)); }
Result<void> Ledger::record(audit::Entry entry) { return writer_->record(std::move(entry)); }
bool Ledger::has_room() const { return writer_->has_room(); }
std::uint64_t Ledger::write_failures() const { return writer_->failures(); }

Result<void> Ledger::change(std::function<Result<void>(LedgerStore&)> act) {
  return writer_->change(std::move(act));
}

std::string Ledger::purge_waits() { return writer_->purge_waits(); }

net::awaitable<Result<RowId>> Ledger::open_row(MailRecord record) {
  return writer_->write(std::move(record), 0, std::nullopt);
}

std::optional<RowId> Ledger::repeated(const MailIdentity& mail, WallTime now) {
  return unheard_.find(mail, now);
}

void Ledger::heard(const MailIdentity& mail) {
  if (unheard_.remove(mail)) writer_->forget({mail});
}

net::awaitable<Result<void>> Ledger::close_row(RowId row, MailEnd end, std::optional<MailIdentity> mail) {
  std::optional<UnheardStore::Mail> unheard;
  if (mail) {
    unheard = {.identity = *mail, .row = row, .at = end.closed_at};
    writer_->forget(unheard_.add(*mail, row, end.closed_at));
  }
  const auto closed = co_await writer_->write(std::nullopt, row, std::move(end), unheard);
  co_return closed.transform([](RowId) {});
}

net::awaitable<Result<void>> Ledger::record(MailRecord record, MailEnd end) {
  const auto written = co_await writer_->write(std::move(record), 0, std::move(end));
  co_return written.transform([](RowId) {});
}

}  // namespace privyseal::gateway
