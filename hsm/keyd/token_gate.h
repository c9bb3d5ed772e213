/// Who may go to the token now, and who waits until it is back.
///
/// The token is *there* or *lost* (removed, restarted, logged out: somebody is bringing it back), and it may
/// be *stuck*: there, but calls to it do not return. While it is stuck only one caller at a time is let
/// through, to see whether it answers again, at ever longer intervals: each that hangs costs a thread.
///
/// An epoch is the time between two losses. Sessions and object handles are good for one epoch.
///
/// Threads: any. All waits end at the given time.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>

#include "firmware/base/result.h"
#include "hsm/pkcs11/error.h"

namespace privyseal::keyd {

class TokenGate {
 public:
  using Time = std::chrono::steady_clock::time_point;
  static constexpr std::chrono::milliseconds kFirstProbe{500};
  static constexpr std::chrono::milliseconds kLongestProbe{4000};

  struct Loss {
    pkcs11::Cure cure;
    std::string why;
  };

  // Those who use the token.
  /// The epoch. kTimeout: the token was not there, or stuck, at `until`. kDenied: it refuses the PIN, so that
  /// nobody waits for it.
  [[nodiscard]] Result<std::uint64_t> enter(Time until);
  /// True: `enter` would not wait.
  [[nodiscard]] bool is_open() const { return is_open_; }
  [[nodiscard]] std::uint64_t epoch() const { return epoch_; }
  /// Nothing has been lost since this epoch began. What was true before the call is seen by it.
  [[nodiscard]] bool is_current(std::uint64_t epoch) {
    const std::lock_guard lock(mutex_);
    return is_there_ && epoch == epoch_;
  }
  /// What was begun in this epoch does not go on without the cure. Of a former epoch it is no news.
  void lose(std::uint64_t epoch, pkcs11::Cure cure, std::string_view why);
  /// A call has returned, with whatever result.
  void answered();
  void succeeded() { last_success_ = std::chrono::steady_clock::now().time_since_epoch().count(); }
  [[nodiscard]] bool has_succeeded_since(Time when) const {
    return last_success_ > when.time_since_epoch().count();
  }
  /// A call that was begun then has not returned, and nobody waits for it any more.
  void call_hangs(Time begun);
  void hung_call_returned();
  [[nodiscard]] std::size_t hung_calls();

  // The one who brings it back.
  /// Waits for a loss. None: the gate was closed.
  [[nodiscard]] std::optional<Loss> wait_for_loss();
  void is_back();
  void refuses_pin(const Error& why);
  /// False: the gate was closed meanwhile.
  [[nodiscard]] bool pause(std::chrono::milliseconds how_long);
  /// Nobody waits any more.
  void close();

 private:
  void update_open() { is_open_ = is_there_ && !is_stuck_; }

  std::atomic<bool> is_open_{true};
  std::atomic<bool> is_stuck_{false};
  std::atomic<std::uint64_t> epoch_{1};
  std::atomic<Time::rep> last_answer_{0};
  std::atomic<Time::rep> last_success_{0};

  // Not a Guarded: its users wait on a condition, which needs the bare lock.
  std::mutex mutex_;
  std::condition_variable changed_;
  bool is_there_ = true;
  bool is_closed_ = false;
  Loss loss_{.cure = pkcs11::Cure::kNone, .why = {}};
  std::optional<Error> refusal_;
  std::size_t hung_calls_ = 0;
  Time next_probe_{};
  std::chrono::milliseconds probe_interval_ = kFirstProbe;
};

}  // namespace privyseal::keyd
