/// Where one thing at a time is made beside the desk, because that may take minutes.
///
/// The last is kept for an hour, in files without names in the console's state folder: nothing of it outlives
/// the process.
///
/// Threads: `start` and `stop` on one thread, `state` on any. Ownership: what `make` refers to must outlive
/// it.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>

#include "firmware/base/guarded.h"
#include "firmware/base/log.h"
#include "firmware/base/result.h"

namespace privyseal::web {

/// Returns then, or earlier when a stop is asked for.
void wait_for_end(const std::stop_token& stop, std::chrono::seconds most);

template <typename OrderType, typename Product>
class Workshop {
 public:
  static constexpr std::chrono::hours kKeptFor{1};

  using Order = OrderType;
  using Made = std::shared_ptr<const Product>;
  struct State {
    std::optional<Order> order;  ///< the last; none: nobody has ordered, or it was dropped
    std::optional<Error> failure;
    Made made;  ///< nothing yet, without a failure: it is being made
  };
  /// On the workshop's thread.
  using Done = std::function<void(const Result<Made>& made)>;
  /// The same. Ends with an error soon after a stop is asked for.
  using Make = std::function<Result<Product>(const std::stop_token& stop, const Order& order)>;

  /// `failed` is what the service's log says when nothing came of an order.
  Workshop(std::string failed, Make make) : failed_(std::move(failed)), make_(std::move(make)) {}

  /// The last is dropped. kConflict: one is being made. kUnavailable: after `stop`.
  [[nodiscard]] Result<void> start(Order order, Done done) {
    if (is_stopped_) return fail(ErrorCode::kUnavailable, "the console is stopping");
    const bool is_under_way = state_.with([](const State& state) {
      return state.order.has_value() && !state.failure && state.made == nullptr;
    });
    if (is_under_way) return fail(ErrorCode::kConflict, "one is being made already");
    thread_ = {};
    state_.with([&](State& state) { state = {.order = order, .failure = {}, .made = {}}; });
    thread_ = std::jthread([this, order = std::move(order), done = std::move(done)](
                               const std::stop_token& stop) { work(stop, order, done); });
    return {};
  }
  [[nodiscard]] State state() const {
    return state_.with([](const State& state) { return state; });
  }
  /// What is being made ends with an error.
  void stop() {
    is_stopped_ = true;
    thread_ = {};
  }

 private:
  void work(const std::stop_token& stop, const Order& order, const Done& done) {
    const Result<Made> made = make_(stop, order).transform([](Product product) {
      return std::make_shared<const Product>(std::move(product));
    });
    if (!made) log_event(LogLevel::kWarning, failed_, {{"why", made.error().message}});
    done(made);
    state_.with([&](State& state) {
      if (made)
        state.made = *made;
      else
        state.failure = made.error();
    });
    wait_for_end(stop, kKeptFor);
    state_.with([](State& state) { state = {}; });
  }

  const std::string failed_;
  const Make make_;
  bool is_stopped_ = false;
  mutable Guarded<State> state_;
  std::jthread thread_;  // last: it uses the others
};

}  // namespace privyseal::web
