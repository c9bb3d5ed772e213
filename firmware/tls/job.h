/// Calls into OpenSSL that may have to wait for a key, made so that the loop need not wait.
///
/// A Job runs its call as one of OpenSSL's ASYNC jobs, on a stack of its own. When the key provider has asked
/// for a signature it pauses the job; the coroutine that awaits run() is suspended, and the loop serves
/// others until the provider's callback has it go on. A loop's thread has one JobPool: so many jobs at a
/// time, so many waiting for their turn, and no more.
///
/// Why not SSL_MODE_ASYNC: there the callback's argument is the SSL, so another thread would hold a pointer
/// to it, and a paused SSL cannot be told to give up. Here both ends of that string are ours. Nor does the
/// mode have to be taken back after the handshake, where it would cost every record twice.
///
/// A paused job is never freed and never leaked: end() marks its wait context as given up and resumes it
/// once, which the provider takes for the order to fail, and to be told nothing any more.
///
/// Threads: pool, jobs and their coroutines belong to one thread, because a job can be resumed only where it
/// began; the provider's callback alone comes from another one. Ownership: the pool is made and destroyed on
/// its thread, around the loop's run(); jobs may outlive it, and are over then.
#pragma once

#include <openssl/async.h>

#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <list>
#include <memory>
#include <set>
#include <thread>

#include "firmware/base/free.h"
#include "firmware/base/result.h"
#include "firmware/tls/net.h"

namespace privyseal::tls {

class Job;

class JobPool {
 public:
  struct Limits {
    std::size_t jobs = 256;   ///< under way; each holds a stack
    std::size_t queue = 256;  ///< waiting for one of them to end
  };

  /// One for each thread; it is this thread's from now on.
  explicit JobPool(Limits limits);
  JobPool() : JobPool(Limits{}) {}
  /// Ends every job that is paused or waits.
  ~JobPool();
  JobPool(const JobPool&) = delete;  // jobs hold its address
  JobPool& operator=(const JobPool&) = delete;

  /// Null: this thread has none, and its handshakes block it.
  [[nodiscard]] static JobPool* of_this_thread();

  /// Whether a further job would begin at once.
  [[nodiscard]] bool has_room() const { return taken_ < limits_.jobs && queue_.empty(); }
  [[nodiscard]] std::size_t paused() const { return paused_; }
  [[nodiscard]] std::size_t queued() const { return queue_.size(); }

 private:
  friend class Job;
  void give_place_back();

  const Limits limits_;
  std::set<Job*> jobs_;    // all that were made here
  std::list<Job*> queue_;  // the first one is next
  std::size_t taken_ = 0;  // places: jobs that run, are paused, or were just granted one
  std::size_t paused_ = 0;
};

class Job : public std::enable_shared_from_this<Job> {
 public:
  /// `call` runs once for each run(), inside the job. It must not throw, and whatever it uses must live as
  /// long as the Job.
  Job(JobPool& pool, net::any_io_executor executor, std::function<void()> call);
  ~Job();
  Job(const Job&) = delete;  // the provider's callback holds its address
  Job& operator=(const Job&) = delete;

  /// Until the call has returned. kTimeout: interrupt() came first; kUnavailable: too many wait, or the loop
  /// ends. After either the job is over. One run at a time.
  [[nodiscard]] static net::awaitable<Result<void>> run(std::shared_ptr<Job> job);

  /// Has a run() that waits give up.
  void interrupt();
  /// Has a paused call fail now, on this thread; the job is over.
  void end();

 private:
  friend class JobPool;
  enum class Step { kReturned, kPaused, kBroken };

  static int enter(void* arguments) noexcept;
  static int answered(void* job) noexcept;  // from the provider's thread

  net::awaitable<Result<void>> wait_for_place();
  net::awaitable<void> wait_for_news();
  Step step();
  void leave_queue();
  void give_place_back();
  void wake();

  JobPool* pool_;  // null when it is gone
  const std::thread::id thread_ = std::this_thread::get_id();
  const std::function<void()> call_;
  const std::unique_ptr<ASYNC_WAIT_CTX, Free<ASYNC_WAIT_CTX_free>> wait_;
  ASYNC_JOB* paused_ = nullptr;
  net::any_io_executor executor_;
  boost::asio::steady_timer alarm_;  // never rings; cancelled when there is news
  std::list<Job*>::iterator in_queue_{};
  bool queued_ = false;
  bool has_place_ = false;
  bool news_ = false;
  bool interrupted_ = false;
  bool over_ = false;
};

}  // namespace privyseal::tls
