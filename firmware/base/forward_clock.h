/// A clock that never goes back. By it exceptions from TLS end, so that nobody revives one by setting the
/// box's clock: neither while a daemon runs, whether anybody asked for the time meanwhile or not, nor, as it
/// begins at the latest time that the daemon has recorded, over a restart.
///
/// A clock that once stood in the future, with something recorded, ends exceptions too early. The way out is
/// a later end in the settings.
///
/// Threads: any. Ownership: the other clock must outlive it.
#pragma once

#include <algorithm>
#include <atomic>

#include "firmware/base/clock.h"

namespace privyseal {

class ForwardClock final : public Clock {
 public:
  ForwardClock(const Clock& clock, WallTime earliest)
      : clock_(clock),
        began_(std::max(earliest, clock.now())),
        on_then_(clock.boot_time().since),
        latest_(began_) {}

  [[nodiscard]] WallTime now() const override {
    // Both are whole seconds: the later one may have just begun, and this clock is not to run ahead.
    constexpr std::chrono::seconds kRounding{1};
    const WallTime at_least = began_ + (clock_.boot_time().since - on_then_ - kRounding);
    const WallTime told = std::max(clock_.now(), at_least);
    WallTime latest = latest_;
    while (latest < told && !latest_.compare_exchange_weak(latest, told)) {
    }
    return std::max(latest, told);
  }
  [[nodiscard]] BootTime boot_time() const override { return clock_.boot_time(); }

 private:
  const Clock& clock_;
  const WallTime began_;
  const std::chrono::seconds on_then_;  // how long the machine had been on
  mutable std::atomic<WallTime> latest_;
};

}  // namespace privyseal
