/// Child processes of tests: started with exactly the environment and user they are to
/// have, their output kept in a file, never outliving the test.
///
/// Threads: one at a time; start() may be called while other threads run.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <concepts>
#include <filesystem>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "firmware/base/result.h"

namespace privyseal::test {

struct Identity {
  uid_t uid;
  gid_t gid;
};

struct ProcessOptions {
  std::filesystem::path program;
  std::vector<std::string> arguments;          ///< without the program's name
  std::vector<std::string> environment;        ///< "NAME=value", all of it
  std::optional<Identity> run_as{};            ///< needs root; no supplementary groups
  std::filesystem::path output = "/dev/null";  ///< stdout and stderr are appended to it
  std::filesystem::path input = "/dev/null";
};

class ChildProcess {
 public:
  /// kNotFound, kDenied: the program. The child dies with the thread that started it.
  [[nodiscard]] static Result<ChildProcess> start(const ProcessOptions& options);

  /// Kills and reaps what still runs.
  ~ChildProcess();
  ChildProcess(ChildProcess&& other) noexcept;
  ChildProcess& operator=(ChildProcess&& other) noexcept;

  [[nodiscard]] pid_t pid() const { return pid_; }
  [[nodiscard]] bool is_running();
  void signal(int number) const;
  /// The exit status, or 128 + the signal that ended it. kTimeout: it still runs.
  [[nodiscard]] Result<int> wait(std::chrono::milliseconds most);
  /// SIGKILL, and waits for the end.
  void kill();

 private:
  explicit ChildProcess(pid_t pid) : pid_(pid) {}

  pid_t pid_ = -1;
  std::optional<int> status_;
};

/// Polls `is_true` until it is or `most` has passed; for what gives no sign of its own.
template <std::predicate Predicate>
[[nodiscard]] bool wait_until(Predicate is_true, std::chrono::milliseconds most = std::chrono::seconds(20)) {
  const auto until = std::chrono::steady_clock::now() + most;
  while (!is_true()) {
    if (std::chrono::steady_clock::now() > until) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return true;
}

}  // namespace privyseal::test
