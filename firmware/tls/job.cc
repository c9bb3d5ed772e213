#include "firmware/tls/job.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "firmware/base/check.h"
#include "firmware/tls/job_stack.h"
#include "firmware/tls/openssl.h"

namespace privyseal::tls {

namespace asio = boost::asio;

namespace {

constexpr auto kAwait = asio::as_tuple(asio::use_awaitable);

thread_local JobPool* pool_of_this_thread = nullptr;

}  // namespace

JobPool::JobPool(Limits limits) : limits_(limits) {
  static const bool guarded = use_guarded_job_stacks().has_value();
  CHECK(guarded && pool_of_this_thread == nullptr && limits.jobs > 0);
  CHECK(ASYNC_init_thread(limits.jobs, 0) == 1);
  pool_of_this_thread = this;
}

JobPool::~JobPool() {
  while (!jobs_.empty()) {
    Job* job = *jobs_.begin();
    jobs_.erase(jobs_.begin());
    job->end();
    job->pool_ = nullptr;
  }
  ASYNC_cleanup_thread();
  pool_of_this_thread = nullptr;
}

JobPool* JobPool::of_this_thread() { return pool_of_this_thread; }

/// To the first in the queue, if there is one: who came later cannot overtake it.
void JobPool::give_place_back() {
  if (queue_.empty()) {
    --taken_;
    return;
  }
  Job* next = queue_.front();
  next->leave_queue();
  next->has_place_ = true;
  next->wake();
}

Job::Job(JobPool& pool, net::any_io_executor executor, std::function<void()> call)
    : pool_(&pool),
      call_(std::move(call)),
      wait_(ASYNC_WAIT_CTX_new()),
      executor_(std::move(executor)),
      alarm_(executor_, asio::steady_timer::time_point::max()) {
  CHECK(JobPool::of_this_thread() == &pool && wait_ != nullptr);
  CHECK(ASYNC_WAIT_CTX_set_callback(wait_.get(), answered, this) == 1);
  pool.jobs_.insert(this);
}

Job::~Job() {
  end();
  if (pool_ != nullptr) pool_->jobs_.erase(this);
}

net::awaitable<Result<void>> Job::run(std::shared_ptr<Job> job) {
  if (job->over_) co_return fail(ErrorCode::kUnavailable, "tls job: it is over");
  job->interrupted_ = false;
  if (auto placed = co_await job->wait_for_place(); !placed) co_return placed;
  for (;;) {
    const Step step = job->step();
    if (step != Step::kPaused) {
      job->give_place_back();
      if (step == Step::kReturned) co_return Result<void>();
      co_return fail_openssl(ErrorCode::kUnavailable, "tls job");
    }
    co_await job->wait_for_news();
    if (job->over_) co_return fail(ErrorCode::kUnavailable, "tls job: given up");
    if (!job->interrupted_) continue;
    job->end();
    co_return fail(ErrorCode::kTimeout, "tls job: the keys did not answer in time");
  }
}

net::awaitable<Result<void>> Job::wait_for_place() {
  if (pool_->has_room()) {
    ++pool_->taken_;
    has_place_ = true;
    co_return Result<void>();
  }
  if (pool_->queue_.size() >= pool_->limits_.queue)
    co_return fail(ErrorCode::kUnavailable, "tls job: too many handshakes wait for the keys");
  in_queue_ = pool_->queue_.insert(pool_->queue_.end(), this);
  queued_ = true;
  while (!has_place_ && !interrupted_ && !over_) co_await wait_for_news();
  if (has_place_ && !interrupted_ && !over_) co_return Result<void>();
  end();
  co_return fail(ErrorCode::kTimeout, "tls job: no turn in time");
}

net::awaitable<void> Job::wait_for_news() {
  while (!news_) co_await alarm_.async_wait(kAwait);
  news_ = false;
}

int Job::enter(void* arguments) noexcept {
  (*static_cast<Job**>(arguments))->call_();
  return 1;
}

int Job::answered(void* raw) noexcept {
  Job* job = static_cast<Job*>(raw);  // alive: it cannot go before its question is abandoned
  asio::post(job->executor_, [weak = job->weak_from_this()] {
    if (const auto alive = weak.lock()) alive->wake();
  });
  return 1;
}

Job::Step Job::step() {
  int ignored = 0;
  Job* self = this;
  const bool was_paused = paused_ != nullptr;
  const int status =
      ASYNC_start_job(&paused_, wait_.get(), &ignored, enter, static_cast<void*>(&self), sizeof(Job*));
  const bool is_paused = status == ASYNC_PAUSE;
  if (!is_paused) paused_ = nullptr;
  if (pool_ != nullptr && was_paused) --pool_->paused_;
  if (pool_ != nullptr && is_paused) ++pool_->paused_;
  if (is_paused) return Step::kPaused;
  return status == ASYNC_FINISH ? Step::kReturned : Step::kBroken;
}

void Job::interrupt() {
  interrupted_ = true;
  wake();
}

void Job::end() {
  if (paused_ != nullptr) {
    CHECK(std::this_thread::get_id() == thread_);
    CHECK(ASYNC_WAIT_CTX_set_status(wait_.get(), ASYNC_STATUS_ERR) == 1);
    CHECK(step() != Step::kPaused);  // or the provider is not ours, and there is no way to free the job
    ERR_clear_error();
  }
  over_ = true;
  leave_queue();
  give_place_back();
  wake();
}

void Job::leave_queue() {
  if (queued_) pool_->queue_.erase(in_queue_);
  queued_ = false;
}

void Job::give_place_back() {
  if (has_place_) pool_->give_place_back();
  has_place_ = false;
}

void Job::wake() {
  news_ = true;
  alarm_.cancel();
}

}  // namespace privyseal::tls
