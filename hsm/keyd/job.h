/// One thing that a worker does with its session, and whoever waits for the answer.
///
/// It is answered exactly once: by the worker that has done it, or at its deadline by the one who watches the
/// workers. What a worker that is late has done all the same stays done; nobody is told.
///
/// Threads: any; `act` is one worker's. Ownership: shared by the queue, the worker and the watch.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>

#include "hsm/keyd/work_session.h"
#include "hsm/wire.h"

namespace privyseal::keyd {

class Job {
 public:
  using Time = WorkSession::Time;
  using Act = std::move_only_function<hsm::Answer(WorkSession&)>;
  using Tell = std::move_only_function<void(const hsm::Answer&)>;

  /// `limit` from now; `id` is the answer's.
  Job(std::uint32_t id, std::chrono::milliseconds limit, Act act, Tell tell)
      : limit_(limit),
        deadline_(std::chrono::steady_clock::now() + limit),
        id_(id),
        act_(std::move(act)),
        tell_(std::move(tell)) {}

  [[nodiscard]] std::chrono::milliseconds limit() const { return limit_; }
  [[nodiscard]] Time deadline() const { return deadline_; }

  /// Does it, unless the time is over, and answers.
  void perform(WorkSession& work) {
    if (std::chrono::steady_clock::now() >= deadline_) return fail_late();
    work.set_deadline(deadline_);
    answer(act_(work));
  }
  void fail_late() {
    answer({.id = id_,
            .body = hsm::ErrorAnswer{.code = ErrorCode::kTimeout,
                                     .message = "the token did not answer in time"}});
  }
  [[nodiscard]] bool is_answered() const { return is_answered_; }

 private:
  void answer(const hsm::Answer& answer) {
    if (!is_answered_.exchange(true)) tell_(answer);
  }

  const std::chrono::milliseconds limit_;
  const Time deadline_;
  const std::uint32_t id_;
  Act act_;
  Tell tell_;
  std::atomic<bool> is_answered_{false};
};

using JobRef = std::shared_ptr<Job>;

}  // namespace privyseal::keyd
