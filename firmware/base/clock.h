/// Time as an interface, so that tests own it.
///
/// Deadlines use the steady clock and never this one. What must not believe a clock that somebody set uses
/// boot_time().
#pragma once

#include <chrono>
#include <string>

namespace privyseal {

using WallTime = std::chrono::sys_time<std::chrono::milliseconds>;

/// How long this machine has been on, sleep included. Nobody can set it; only times of one boot compare.
struct BootTime {
  std::string boot;  ///< boot_id()
  std::chrono::seconds since{};
};

/// The kernel's random id of this boot; empty where there is none.
[[nodiscard]] std::string boot_id();

class Clock {
 public:
  virtual ~Clock() = default;
  /// UTC. May be called from any thread.
  [[nodiscard]] virtual WallTime now() const = 0;
  /// The kernel's, unless a test has its own. May be called from any thread.
  [[nodiscard]] virtual BootTime boot_time() const;
};

class SystemClock final : public Clock {
 public:
  [[nodiscard]] WallTime now() const override {
    return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
  }
};

/// "2026-03-01T09:01:02.345Z" (RFC 3339, UTC).
[[nodiscard]] std::string to_rfc3339(WallTime time);

/// "Sun, 01 Mar 2026 09:01:02 +0000" (RFC 5322 section 3.3).
[[nodiscard]] std::string to_rfc5322(WallTime time);

}  // namespace privyseal
