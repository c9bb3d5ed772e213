/// A clock that never goes back. By it exceptions from TLS end, so that nobody revives one by setting the
/// box's clock: neither while the gateway runs nor, as it begins at the latest time that the ledger has
/// recorded, over a restart.
///
/// A clock that once stood in the future, with the ledger written, ends exceptions too early. The way out is
/// a later end in the settings.
///
/// Threads: any. Ownership: the other clock must outlive it.
#pragma once

#include <algorithm>
#include <atomic>

#include "firmware/base/clock.h"

namespace privyseal::gateway {

class ForwardClock final : public Clock {
 public:
  ForwardClock(const Clock& clock, WallTime earliest) : clock_(clock), latest_(earliest) {}

  [[nodiscard]] WallTime now() const override {
    const WallTime told = clock_.now();
    WallTime latest = latest_;
    while (latest < told && !latest_.compare_exchange_weak(latest, told)) {
    }
    return std::max(latest, told);
  }
  [[nodiscard]] BootTime boot_time() const override { return clock_.boot_time(); }

 private:
  const Clock& clock_;
  mutable std::atomic<WallTime> latest_;
};

}  // namespace privyseal::gateway
