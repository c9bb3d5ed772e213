/// Whether the box's firewall lets mail pass: reads every two seconds what privyseal-firewall says in its
/// file (firmware/firewall/state.h).
///
/// Only a word that is good and new opens the line. A file that is missing, wrong or old closes it as rules
/// that were changed do: nobody looks at them any more.
///
/// Threads: lets_mail_pass() and now() from any; the others from main. Ownership: the clock must outlive it.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "firmware/base/clock.h"
#include "firmware/base/guarded.h"
#include "firmware/base/result.h"
#include "firmware/firewall/state.h"

namespace privyseal::gateway {

struct FirewallNow {
  bool is_up = false;
  std::string why{};                      ///< it is down
  std::optional<firewall::State> told{};  ///< nothing: nothing that could be read
};

/// Within a minute after the watch has died no mail passes: it looks each ten seconds, and may be slow.
inline constexpr std::chrono::seconds kFirewallIsNewFor{45};

/// `on`: BootTime::since, now. Pure.
[[nodiscard]] FirewallNow judge_firewall(const Result<firewall::State>& told, std::chrono::seconds on);

class FirewallWatch {
 public:
  using Changed = std::function<void(const FirewallNow&)>;

  /// Reads it for the first time. An empty `file`: there is no firewall to ask for, and mail passes.
  FirewallWatch(std::filesystem::path file, const Clock& clock);
  ~FirewallWatch();
  FirewallWatch(const FirewallWatch&) = delete;  // its thread knows its address
  FirewallWatch& operator=(const FirewallWatch&) = delete;

  /// `changed` is called on a thread of its own: once to begin with, and each time that it went up or down.
  void start(Changed changed);
  void stop();

  [[nodiscard]] bool is_watched() const { return !file_.empty(); }
  [[nodiscard]] bool lets_mail_pass() const { return !is_watched() || is_up_; }
  [[nodiscard]] FirewallNow now();

 private:
  void read();
  void run(const Changed& changed);

  const std::filesystem::path file_;
  const Clock& clock_;
  std::atomic<bool> is_up_ = false;
  Guarded<FirewallNow> now_;
  std::mutex stop_mutex_;
  std::condition_variable stopping_;
  bool stop_ = false;
  std::thread thread_;
};

}  // namespace privyseal::gateway
