/// The threads that use the token: each takes admitted requests one by one, with a session of
/// its own, and answers them.
///
/// Ownership: Desk and Token must outlive it. Its end lets the queue run empty and joins.
#pragma once

#include <thread>
#include <vector>

#include "firmware/base/unique_fd.h"
#include "hsm/keyd/bounded_queue.h"
#include "hsm/keyd/connection.h"
#include "hsm/keyd/desk.h"

namespace privyseal::keyd {

struct Job {
  ConnectionRef connection;
  hsm::Request request;
  Permit permit;
};

class Workers {
 public:
  /// kUnavailable: no descriptor for waking the server.
  [[nodiscard]] static Result<std::unique_ptr<Workers>> start(std::size_t count, Desk& desk, Token& token);
  ~Workers();
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  /// False: too much is waiting already.
  [[nodiscard]] bool take(Job&& job) { return jobs_.push(std::move(job)); }

  /// Readable when the server should look at its connections again; `clear_wake` makes it wait again.
  [[nodiscard]] int wake_fd() const { return wake_.get(); }
  void clear_wake() const;

 private:
  Workers(UniqueFd wake, Desk& desk, Token& token) : wake_(std::move(wake)), desk_(desk), token_(token) {}
  void work();

  static constexpr std::size_t kMaxWaiting = 1024;
  UniqueFd wake_;
  Desk& desk_;
  Token& token_;
  BoundedQueue<Job> jobs_{kMaxWaiting};
  std::vector<std::jthread> threads_;  // last: they use all of the above
};

}  // namespace privyseal::keyd
