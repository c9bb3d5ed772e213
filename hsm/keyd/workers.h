/// The threads that use the token: each takes jobs one by one, with a session of its own.
///
/// A call into a module cannot be ended from outside. So a watch answers each job at its deadline, and a
/// worker that has been inside the module for longer than its job was given is abandoned: another takes its
/// place, and the thread ends by itself if ever the call returns. When too many hang, keyd ends
/// (Token::end_if_hopeless).
///
/// Threads: any. Ownership: the Token, and what the jobs use, must outlive the abandoned threads as well: a
/// process in which calls still hang (TokenGate::hung_calls) must not be taken down in order.
#pragma once

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "hsm/keyd/job.h"

namespace privyseal::keyd {

class Workers {
 public:
  /// No job may have less time: so long the watch sleeps.
  static constexpr std::chrono::milliseconds kShortestLimit{1900};
  /// Beyond the workers of the process that hang, so many probes (TokenGate) may hang before keyd ends.
  static constexpr std::size_t kMostHungProbes = 16;

  Workers(std::size_t count, Token& token);
  /// What was taken is still done, but for what hangs.
  ~Workers();
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  /// False: too much is waiting already.
  [[nodiscard]] bool take(JobRef job);

 private:
  /// A worker's place. Its thread owns it as well, for as long as a call hangs.
  struct Post {
    explicit Post(Token& token) : work(token) {}
    WorkSession work;
    JobRef job;
    bool is_abandoned = false;
    std::thread thread;
  };
  using PostRef = std::shared_ptr<Post>;

  /// Outlives this object if a thread hangs.
  struct Shared {
    explicit Shared(Token& the_token) : token(the_token) {}
    Token& token;
    std::mutex mutex;
    std::condition_variable changed;
    std::deque<JobRef> waiting;
    std::vector<PostRef> posts;
    bool is_closed = false;
  };
  using SharedRef = std::shared_ptr<Shared>;

  static PostRef staffed_post(const SharedRef& shared);
  static void work(const SharedRef& shared, const PostRef& post);
  static JobRef next_job(Shared& shared, Post& post);
  void watch();
  Job::Time look_after_jobs(Job::Time now);

  static constexpr std::size_t kMaxWaiting = 1024;
  SharedRef shared_;
  std::condition_variable end_of_watch_;
  std::thread watch_;
};

}  // namespace privyseal::keyd
