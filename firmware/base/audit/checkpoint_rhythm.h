/// When a log's next checkpoint is due: soon after the log has come to rest, and each minute while it grows.
///
/// So what a person just did is signed when he looks at it, and a busy day does not cost a signature for
/// every entry.
///
/// Threads: one. Pure but for what it remembers.
#pragma once

#include <chrono>
#include <cstdint>

namespace privyseal::audit {

class CheckpointRhythm {
 public:
  using Time = std::chrono::steady_clock::time_point;

  static constexpr std::chrono::seconds kLookEvery{5};
  static constexpr std::chrono::seconds kLongestWait{60};

  /// Ask each kLookEvery. `size` is the log's now; true: sign it.
  [[nodiscard]] bool is_due(std::uint64_t size, Time now) {
    const bool rests = size == seen_size_;
    seen_size_ = size;
    return size != signed_size_ && (rests || now - signed_at_ >= kLongestWait);
  }

  /// A checkpoint of `size` entries is made.
  void signed_now(std::uint64_t size, Time now) {
    signed_size_ = size;
    signed_at_ = now;
  }

 private:
  std::uint64_t seen_size_ = 0;
  std::uint64_t signed_size_ = 0;
  Time signed_at_{};
};

}  // namespace privyseal::audit
