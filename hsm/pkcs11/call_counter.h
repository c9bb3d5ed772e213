/// How often each C_ function was called, how often it failed, and how long it took.
///
/// Threads: any.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <string_view>
#include <vector>

#include "hsm/pkcs11/function.h"

namespace privyseal::pkcs11 {

struct CallCount {
  std::string_view function;
  std::uint64_t calls;
  std::uint64_t failures;
  std::chrono::microseconds mean;
  std::chrono::microseconds longest;
};

class CallCounter {
 public:
  void count(Function function, bool failed, std::chrono::nanoseconds took) {
    One& one = all_[function.index];
    one.calls.fetch_add(1, std::memory_order_relaxed);
    if (failed) one.failures.fetch_add(1, std::memory_order_relaxed);
    const auto nanoseconds = static_cast<std::uint64_t>(took.count());
    one.nanoseconds.fetch_add(nanoseconds, std::memory_order_relaxed);
    std::uint64_t longest = one.longest.load(std::memory_order_relaxed);
    while (nanoseconds > longest &&
           !one.longest.compare_exchange_weak(longest, nanoseconds, std::memory_order_relaxed)) {
    }
  }

  /// Of the functions that were called.
  [[nodiscard]] std::vector<CallCount> counts() const {
    using std::chrono::duration_cast, std::chrono::microseconds, std::chrono::nanoseconds;
    std::vector<CallCount> counts;
    for (std::size_t i = 0; i < all_.size(); ++i) {
      const One& one = all_[i];
      const std::uint64_t calls = one.calls;
      if (calls == 0) continue;
      counts.push_back({.function = kFunctions[i],
                        .calls = calls,
                        .failures = one.failures,
                        .mean = duration_cast<microseconds>(nanoseconds(one.nanoseconds / calls)),
                        .longest = duration_cast<microseconds>(nanoseconds(one.longest))});
    }
    return counts;
  }

 private:
  struct One {
    std::atomic<std::uint64_t> calls{0};
    std::atomic<std::uint64_t> failures{0};
    std::atomic<std::uint64_t> nanoseconds{0};
    std::atomic<std::uint64_t> longest{0};
  };
  std::array<One, kFunctions.size()> all_;
};

}  // namespace privyseal::pkcs11
