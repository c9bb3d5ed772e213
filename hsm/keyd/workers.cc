#include "hsm/keyd/workers.h"

#include <algorithm>

#include "firmware/base/log.h"

namespace privyseal::keyd {
namespace {

// Of all Workers of the process; the limit on what hangs grows with it.
std::atomic<std::size_t> all_workers{0};

}  // namespace

Workers::Workers(std::size_t count, Token& token) : shared_(std::make_shared<Shared>(token)) {
  all_workers += count;
  const std::lock_guard lock(shared_->mutex);
  for (std::size_t i = 0; i < count; ++i) shared_->posts.push_back(staffed_post(shared_));
  watch_ = std::thread([this] { watch(); });
}

Workers::~Workers() {
  std::vector<PostRef> posts;
  {
    std::unique_lock lock(shared_->mutex);
    shared_->is_closed = true;
    shared_->changed.notify_all();
    // The watch goes on meanwhile: it takes those away that hang.
    shared_->changed.wait(lock, [&] {
      return shared_->waiting.empty() &&
             std::ranges::none_of(shared_->posts, [](const PostRef& post) { return post->job != nullptr; });
    });
    posts.swap(shared_->posts);
  }
  end_of_watch_.notify_all();
  watch_.join();
  for (const PostRef& post : posts) post->thread.join();
  all_workers -= posts.size();
}

bool Workers::take(JobRef job) {
  {
    const std::lock_guard lock(shared_->mutex);
    if (shared_->is_closed || shared_->waiting.size() >= kMaxWaiting) return false;
    shared_->waiting.push_back(std::move(job));
  }
  shared_->changed.notify_one();
  return true;
}

Workers::PostRef Workers::staffed_post(const SharedRef& shared) {
  auto post = std::make_shared<Post>(shared->token);
  post->thread = std::thread([shared, post] { work(shared, post); });
  return post;
}

void Workers::work(const SharedRef& shared, const PostRef& post) {
  while (const JobRef job = next_job(*shared, *post)) job->perform(post->work);
  if (!post->is_abandoned) return post->work.leave();
  post->work.discard();
  // The last use of the token, which may be gone as soon as nothing hangs any more.
  shared->token.gate().hung_call_returned();
}

JobRef Workers::next_job(Shared& shared, Post& post) {
  std::unique_lock lock(shared.mutex);
  post.job = nullptr;
  if (shared.is_closed) shared.changed.notify_all();
  shared.changed.wait(lock, [&] { return post.is_abandoned || shared.is_closed || !shared.waiting.empty(); });
  if (post.is_abandoned || shared.waiting.empty()) return nullptr;
  post.job = std::move(shared.waiting.front());
  shared.waiting.pop_front();
  return post.job;
}

void Workers::watch() {
  std::unique_lock lock(shared_->mutex);
  while (!shared_->is_closed || !shared_->posts.empty()) {
    const Job::Time next = look_after_jobs(std::chrono::steady_clock::now());
    end_of_watch_.wait_until(lock, next);
  }
}

Job::Time Workers::look_after_jobs(Job::Time now) {
  // A job that is taken later has its deadline later.
  Job::Time next = now + kShortestLimit;
  const auto answer_if_late = [&](Job& job) {
    if (job.is_answered()) return;
    if (job.deadline() <= now)
      job.fail_late();
    else
      next = std::min(next, job.deadline());
  };
  for (const JobRef& job : shared_->waiting) answer_if_late(*job);
  std::erase_if(shared_->waiting, [](const JobRef& job) { return job->is_answered(); });
  for (PostRef& post : shared_->posts) {
    if (post->job == nullptr) continue;
    answer_if_late(*post->job);
    const auto since = post->work.calling_since();
    if (!since) continue;
    if (now < *since + post->job->limit()) {
      next = std::min(next, *since + post->job->limit());
      continue;
    }
    log_event(LogLevel::kError, "call-hangs", {{"what", "its thread is replaced"}});
    shared_->token.gate().call_hangs(*since);
    post->is_abandoned = true;
    post->thread.detach();
    post = staffed_post(shared_);
  }
  shared_->token.end_if_hopeless(all_workers + kMostHungProbes);
  if (shared_->is_closed) shared_->changed.notify_all();
  return next;
}

}  // namespace privyseal::keyd
