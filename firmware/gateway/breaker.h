/// Whether a next hop that failed lately is worth another try: the circuit breaker of one destination.
///
/// After kFailures in a row it is open: nobody tries, for a pause that doubles with each failed trial. After
/// the pause one mail tries; all others wait for what becomes of it. Any success closes it.
/// A hop that is the only one is never paused, since there is nowhere else to go; its failures are counted.
///
/// Pure. Threads: one at a time.
#pragma once

#include <chrono>
#include <optional>

namespace privyseal::gateway {

class Breaker {
 public:
  using Time = std::chrono::steady_clock::time_point;

  static constexpr int kFailures = 5;
  static constexpr std::chrono::seconds kFirstPause{2};
  static constexpr std::chrono::seconds kLongestPause{30};  // a hop that is back is found within it

  explicit Breaker(bool may_pause) : may_pause_(may_pause) {}

  enum class State {
    kClosed,  ///< everybody may try
    kOpen,    ///< nobody
    kTrial,   ///< one mail tries, or may do so now
  };

  struct Try {
    bool is_trial = false;
  };
  /// Nothing: not now. Each try must end in one of the three below.
  [[nodiscard]] std::optional<Try> may_try(Time now);
  void succeed();
  /// True: it opened, or stays open.
  bool fail(Try ended, Time now);
  /// It ended without saying anything about the hop.
  void give_back(Try ended);

  [[nodiscard]] State state(Time now) const;
  [[nodiscard]] int failures() const { return failures_; }  ///< in a row
  /// Of an open one: when the next mail tries.
  [[nodiscard]] std::optional<Time> opens_until() const { return until_; }

 private:
  void open(Time now);

  bool may_pause_;
  int failures_ = 0;
  std::chrono::seconds pause_ = kFirstPause;  // the next one
  std::optional<Time> until_;                 // nothing: closed
  bool on_trial_ = false;
};

}  // namespace privyseal::gateway
