/// Data that can be reached only while its lock is held.
///
///     Guarded<std::vector<Session>> sessions_;
///     sessions_.with([&](auto& sessions) { sessions.push_back(...); });
#pragma once

#include <mutex>
#include <utility>

namespace privyseal {

template <class T>
class Guarded {
 public:
  template <class... Args>
  explicit Guarded(Args&&... args) : value_(std::forward<Args>(args)...) {}

  /// Runs `use` on the value under the lock; never let a reference to it out.
  template <class Use>
  auto with(Use&& use) {
    const std::lock_guard lock(mutex_);
    return std::forward<Use>(use)(value_);
  }

 private:
  std::mutex mutex_;
  T value_;
};

}  // namespace privyseal
