/// How many signatures one key may make: a token bucket.
///
/// A program that was taken over may have handshakes signed while it is inside; this bounds how many, and
/// keeps it from wearing out the HSM for everybody else. An honest gateway never gets near it.
///
/// Pure: the time is the caller's. Threads: one, or under the caller's lock.
#pragma once

#include <algorithm>
#include <chrono>

namespace privyseal::keyd {

class RateLimit {
 public:
  using Time = std::chrono::steady_clock::time_point;

  /// `per_second` at least 1. As many may come at once as in two seconds.
  RateLimit(double per_second, Time now) : per_second_(per_second), left_(most()), since_(now) {}

  /// False: not now.
  [[nodiscard]] bool take(Time now) {
    const std::chrono::duration<double> passed = std::max(now, since_) - since_;
    since_ = std::max(now, since_);
    left_ = std::min(left_ + passed.count() * per_second_, most());
    if (left_ < 1) return false;
    left_ -= 1;
    return true;
  }

 private:
  [[nodiscard]] double most() const { return 2 * per_second_; }

  double per_second_;
  double left_;
  Time since_;
};

}  // namespace privyseal::keyd
