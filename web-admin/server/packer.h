/// Makes the auditor's pack beside the desk, because that may take minutes: one at a time.
///
/// The last one is kept for an hour, in files without names in the console's state folder: nothing of it
/// outlives the process, and of memory a mail costs some hundred bytes while the pack is made.
///
/// Threads: `start` and `stop` on one thread, `state` on any. Ownership: settings and clock must outlive it.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <thread>

#include "firmware/base/clock.h"
#include "firmware/base/door.h"
#include "firmware/base/guarded.h"
#include "firmware/base/json.h"
#include "provisioning/evidence/signed_pack.h"
#include "web-admin/server/settings.h"

namespace privyseal::web {

class Packer {
 public:
  static constexpr std::chrono::hours kKeptFor{1};

  struct Order {
    evidence::DateRange range;
    Actor who;
    JsonObject accounts;  ///< the console's users, as its own door tells them
    evidence::Declarations declarations;
  };
  using Made = std::shared_ptr<const evidence::SignedPack>;
  struct State {
    std::optional<Order> order;  ///< the last; none: nobody has ordered a pack, or it was dropped
    std::optional<Error> failure;
    Made pack;  ///< nothing yet, without a failure: it is being made
  };
  /// On the packer's thread.
  using Done = std::function<void(const Result<Made>& made)>;

  Packer(const Settings& settings, const Clock& clock,
         std::chrono::seconds wait = evidence::kWaitForCheckpoint)
      : settings_(settings), clock_(clock), wait_(wait) {}

  /// The last pack is dropped. kConflict: one is being made. kUnavailable: after `stop`.
  [[nodiscard]] Result<void> start(Order order, Done done);
  [[nodiscard]] State state() const {
    return state_.with([](const State& state) { return state; });
  }
  /// What is being made ends with an error.
  void stop();

 private:
  void work(const std::stop_token& stop, const Order& order, const Done& done);
  [[nodiscard]] Result<Made> make(const std::stop_token& stop, const Order& order) const;

  const Settings& settings_;
  const Clock& clock_;
  const std::chrono::seconds wait_;
  bool is_stopped_ = false;
  mutable Guarded<State> state_;
  std::jthread thread_;  // last: it uses the others
};

}  // namespace privyseal::web
