#include "firmware/policy/rates.h"

namespace privyseal::policy {
namespace {

using namespace std::chrono_literals;
constexpr auto kHour = 1h;
constexpr auto kTidyEvery = 1min;

}  // namespace

int Rates::reached(const std::vector<RateCap>& caps, WallTime now) {
  tidy(now);
  for (std::size_t i = 0; i < caps.size(); ++i) {
    const auto found = windows_.find(caps[i].key);
    if (found != windows_.end()) forget_before(found->second, now - kHour);
    const std::size_t count = found == windows_.end() ? 0 : found->second.mails.size();
    if (count < caps[i].per_hour) continue;
    windows_[caps[i].key].turned_away = now;
    return static_cast<int>(i);
  }
  return -1;
}

int Rates::admit(const std::vector<RateCap>& caps, WallTime now) {
  const int full = reached(caps, now);
  if (full < 0)
    for (const RateCap& cap : caps) windows_[cap.key].mails.push_back(now);
  return full;
}

bool Rates::release(const std::string& key) { return windows_.erase(key) != 0; }

std::vector<Rates::Stopped> Rates::stopped(WallTime now) {
  std::vector<Stopped> keys;
  for (const auto& [key, window] : windows_)
    if (window.turned_away + kHour > now) keys.push_back({.key = key, .count = window.mails.size()});
  return keys;
}

void Rates::forget_before(Window& window, WallTime oldest) {
  while (!window.mails.empty() && window.mails.front() <= oldest) window.mails.pop_front();
}

/// Once a minute, for senders that went quiet. Times of the future go as well: a clock that was set back
/// makes no window longer.
void Rates::tidy(WallTime now) {
  if (now >= tidied_ && now < tidied_ + kTidyEvery) return;
  tidied_ = now;
  std::erase_if(windows_, [&](auto& entry) {
    Window& window = entry.second;
    std::erase_if(window.mails, [&](WallTime at) { return at + kHour <= now || at > now; });
    return window.mails.empty() && window.turned_away + kHour <= now;
  });
}

}  // namespace privyseal::policy
