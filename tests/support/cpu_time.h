/// How much work some code is, for tests that compare it with itself on a longer input. The processor's time
/// of this thread is counted, so that other programs and a stopped test do not lengthen it.
#pragma once

#include <algorithm>
#include <chrono>
#include <ctime>

namespace privyseal::test {

/// The least of some tries.
template <class Work>
[[nodiscard]] std::chrono::nanoseconds cpu_time_of(const Work& work) {
  const auto now = [] {
    std::timespec time{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
  };
  constexpr int kTries = 5;
  auto least = std::chrono::nanoseconds::max();
  for (int i = 0; i < kTries; ++i) {
    const auto before = now();
    work();
    least = std::min<std::chrono::nanoseconds>(least, now() - before);
  }
  return least;
}

}  // namespace privyseal::test
