#include "firmware/tls/keys.h"

#include <boost/asio/this_coro.hpp>

#include "firmware/tls/job.h"

namespace privyseal::tls {

net::awaitable<Keys> ask_keys(std::shared_ptr<const Context> context) {
  JobPool* jobs = JobPool::of_this_thread();
  if (jobs == nullptr) co_return context->library().keys_ready() ? Keys::kReady : Keys::kAway;
  if (!jobs->has_room()) co_return Keys::kBusy;
  const auto ready = std::make_shared<bool>(false);
  const auto job = std::make_shared<Job>(*jobs, co_await boost::asio::this_coro::executor,
                                         [context, ready] { *ready = context->library().keys_ready(); });
  const auto asked = co_await Job::run(job);
  co_return asked && *ready ? Keys::kReady : Keys::kAway;
}

}  // namespace privyseal::tls
