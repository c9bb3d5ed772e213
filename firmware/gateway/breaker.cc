#include "firmware/gateway/breaker.h"

#include <algorithm>

namespace privyseal::gateway {

std::optional<Breaker::Try> Breaker::may_try(Time now) {
  if (!until_) return Try{.is_trial = false};
  if (on_trial_ || now < *until_) return std::nullopt;
  on_trial_ = true;
  return Try{.is_trial = true};
}

void Breaker::succeed() { *this = Breaker(may_pause_); }

bool Breaker::fail(Try ended, Time now) {
  ++failures_;
  // What began before it opened says nothing new.
  if (until_ && !ended.is_trial) return true;
  give_back(ended);
  if (may_pause_ && (ended.is_trial || failures_ >= kFailures)) open(now);
  return until_.has_value();
}

void Breaker::give_back(Try ended) {
  if (ended.is_trial) on_trial_ = false;
}

Breaker::State Breaker::state(Time now) const {
  if (!until_) return State::kClosed;
  return on_trial_ || now >= *until_ ? State::kTrial : State::kOpen;
}

void Breaker::open(Time now) {
  until_ = now + pause_;
  pause_ = std::min(2 * pause_, kLongestPause);
}

}  // namespace privyseal::gateway
