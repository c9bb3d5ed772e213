/// When an administrator must hear about an identity's certificate, and in which words.
///
/// Pure. Threads: any.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "ca/rotation.h"

namespace privyseal::ca {

struct Alarm {
  /// "expired", "not-served", "renewal-failing", "expiring", "given-up", "retire-failing"
  std::string cause;
  bool is_critical = false;     ///< else a warning
  std::string why;              ///< one sentence for people, without its dot
  std::string detail;           ///< what failed; the same for the same failure again
  std::int64_t days_left = -1;  ///< the mark that was passed: 60, 30, 14, 7, 3, 1 or 0; -1: none
  bool operator==(const Alarm&) const = default;
};

struct StandingAlarm {
  Alarm alarm;
  WallTime since{};
  bool operator==(const StandingAlarm&) const = default;
};

/// The gravest thing there is to say now.
[[nodiscard]] std::optional<Alarm> alarm_of(const IdentityState& identity, WallTime now);

/// Whether `alarm` is to be said aloud again although `standing` was: another cause, another failure,
/// graver, or nearer to the end.
[[nodiscard]] bool is_news(const std::optional<StandingAlarm>& standing, const Alarm& alarm);

}  // namespace privyseal::ca
