/// Measures the parts of a mail's way, one after the other.
///
/// Threads: one.
#pragma once

#include <chrono>

#include "firmware/gateway/mail_record.h"

namespace privyseal::gateway {

class StageClock {
 public:
  using Stage = StageTimes::Time StageTimes::*;

  /// Ends the part before, if there is one. A part may be entered again: its times are added up.
  void enter(Stage stage) {
    leave();
    stage_ = stage;
    since_ = Clock::now();
  }
  void leave() {
    if (stage_ == nullptr) return;
    const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - since_);
    auto& sum = times_.*stage_;
    sum = sum.value_or(std::chrono::milliseconds(0)) + took;
    stage_ = nullptr;
  }

  [[nodiscard]] const StageTimes& times() const { return times_; }

 private:
  using Clock = std::chrono::steady_clock;

  StageTimes times_;
  Stage stage_ = nullptr;
  Clock::time_point since_;
};

}  // namespace privyseal::gateway
