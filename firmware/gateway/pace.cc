#include "firmware/gateway/pace.h"

#include <algorithm>

namespace privyseal::gateway {
namespace {
constexpr std::uint64_t kStressFromPercent = 80;
}

const Pace& PaceTable::at(std::uint32_t sessions, std::uint32_t max_sessions) const {
  return std::uint64_t{sessions} * 100 >= std::uint64_t{max_sessions} * kStressFromPercent ? stress : usual;
}

BodyClock::Duration BodyClock::may_wait() const {
  using std::chrono::seconds;
  // In whole seconds, so that no number of bytes overflows nanoseconds.
  constexpr std::uint64_t kMostSeconds = 1'000'000;
  const std::uint64_t earned = std::min(bytes_ / pace_.min_body_bytes_per_second, kMostSeconds);
  const Duration left = pace_.body_block + seconds(earned) - waited_;
  return std::min<Duration>(left, pace_.body_block);
}

void BodyClock::waited(Duration time, std::uint64_t for_bytes) {
  waited_ += time;
  bytes_ += for_bytes;
}

}  // namespace privyseal::gateway
