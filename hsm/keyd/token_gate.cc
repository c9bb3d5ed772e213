#include "hsm/keyd/token_gate.h"

#include <algorithm>

namespace privyseal::keyd {
namespace {

TokenGate::Time now() { return std::chrono::steady_clock::now(); }

}  // namespace

Result<std::uint64_t> TokenGate::enter(Time until) {
  if (is_open_) return epoch_.load();
  std::unique_lock lock(mutex_);
  for (;;) {
    if (refusal_) return std::unexpected(*refusal_);
    if (is_closed_) return fail(ErrorCode::kUnavailable, "token: keyd ends");
    if (is_there_ && !is_stuck_) return epoch_.load();
    const Time at = now();
    if (at >= until)
      return fail(ErrorCode::kTimeout, is_there_ ? "token: it does not answer" : "token: it is not there");
    if (is_there_ && at >= next_probe_) {
      next_probe_ = at + probe_interval_;
      probe_interval_ = std::min(probe_interval_ * 2, kLongestProbe);
      return epoch_.load();
    }
    changed_.wait_until(lock, is_there_ ? std::min(until, next_probe_) : until);
  }
}

void TokenGate::lose(std::uint64_t epoch, pkcs11::Cure cure, std::string_view why) {
  {
    const std::lock_guard lock(mutex_);
    if (epoch != epoch_ || !is_there_) return;
    is_there_ = false;
    loss_ = {.cure = cure, .why = std::string(why)};
    update_open();
  }
  changed_.notify_all();
}

void TokenGate::answered() {
  last_answer_ = now().time_since_epoch().count();
  if (!is_stuck_) return;
  {
    const std::lock_guard lock(mutex_);
    is_stuck_ = false;
    probe_interval_ = kFirstProbe;
    update_open();
  }
  changed_.notify_all();
}

void TokenGate::call_hangs(Time begun) {
  const std::lock_guard lock(mutex_);
  ++hung_calls_;
  // Others have had answers meanwhile: it is that one call.
  if (is_stuck_ || last_answer_ >= begun.time_since_epoch().count()) return;
  is_stuck_ = true;
  next_probe_ = now() + probe_interval_;
  update_open();
}

void TokenGate::hung_call_returned() {
  const std::lock_guard lock(mutex_);
  --hung_calls_;
}

std::size_t TokenGate::hung_calls() {
  const std::lock_guard lock(mutex_);
  return hung_calls_;
}

std::optional<TokenGate::Loss> TokenGate::wait_for_loss() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return is_closed_ || !is_there_; });
  if (is_closed_) return std::nullopt;
  return loss_;
}

void TokenGate::is_back() {
  {
    const std::lock_guard lock(mutex_);
    ++epoch_;
    is_there_ = true;
    refusal_.reset();
    update_open();
  }
  changed_.notify_all();
}

void TokenGate::refuses_pin(const Error& why) {
  {
    const std::lock_guard lock(mutex_);
    refusal_ = why;
  }
  changed_.notify_all();
}

bool TokenGate::pause(std::chrono::milliseconds how_long) {
  const Time until = now() + how_long;
  std::unique_lock lock(mutex_);
  return !changed_.wait_until(lock, until, [&] { return is_closed_; });
}

void TokenGate::close() {
  {
    const std::lock_guard lock(mutex_);
    is_closed_ = true;
    is_there_ = false;
    update_open();
  }
  changed_.notify_all();
}

}  // namespace privyseal::keyd
