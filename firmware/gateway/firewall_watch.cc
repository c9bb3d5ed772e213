#include "firmware/gateway/firewall_watch.h"

#include <utility>

#include "firmware/base/file.h"

namespace privyseal::gateway {
namespace {

constexpr std::chrono::seconds kLookEvery{2};

Result<firewall::State> read_state(const std::filesystem::path& file) {
  return read_file(file, firewall::kMostStateBytes).and_then([](const Bytes& bytes) {
    return firewall::parse_state(text_of(bytes));
  });
}

}  // namespace

FirewallNow judge_firewall(const Result<firewall::State>& told, std::chrono::seconds on) {
  if (!told) return {.why = "the firewall's state cannot be read: " + told.error().message};
  const auto age = on - told->looked;
  if (age < age.zero() || age > kFirewallIsNewFor)
    return {.why = "nobody has looked at the firewall since " + to_rfc3339(told->looked_at), .told = *told};
  return {.is_up = told->is_up, .why = told->why, .told = *told};
}

FirewallWatch::FirewallWatch(std::filesystem::path file, const Clock& clock)
    : file_(std::move(file)), clock_(clock) {
  if (is_watched()) read();
}

FirewallWatch::~FirewallWatch() { stop(); }

void FirewallWatch::start(Changed changed) {
  if (is_watched()) thread_ = std::thread([this, changed = std::move(changed)] { run(changed); });
}

void FirewallWatch::stop() {
  {
    const std::lock_guard lock(stop_mutex_);
    stop_ = true;
  }
  stopping_.notify_all();
  if (thread_.joinable()) thread_.join();
}

FirewallNow FirewallWatch::now() {
  return now_.with([](const FirewallNow& now) { return now; });
}

/// The time is taken after the file, or a new one could seem to come from the future.
void FirewallWatch::read() {
  const auto told = read_state(file_);
  FirewallNow next = judge_firewall(told, clock_.boot_time().since);
  is_up_ = next.is_up;
  now_.with([&](FirewallNow& now) { now = std::move(next); });
}

void FirewallWatch::run(const Changed& changed) {
  for (std::optional<bool> said;;) {
    if (const FirewallNow found = now(); said != found.is_up) {
      changed(found);
      said = found.is_up;
    }
    {
      std::unique_lock lock(stop_mutex_);
      if (stopping_.wait_for(lock, kLookEvery, [this] { return stop_; })) return;
    }
    read();
  }
}

}  // namespace privyseal::gateway
