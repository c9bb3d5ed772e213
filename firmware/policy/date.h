/// Days and times as they stand in the policy's files.
///
/// Pure and total. Threads: any.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

#include "firmware/base/clock.h"

namespace privyseal::policy {

using Day = std::chrono::sys_days;

/// "2026-03-01", a day of the calendar.
[[nodiscard]] std::optional<Day> parse_day(std::string_view text);

/// "2026-03-01T09:30Z" or with seconds; UTC only.
[[nodiscard]] std::optional<WallTime> parse_time(std::string_view text);

[[nodiscard]] inline Day day_of(WallTime time) { return std::chrono::floor<std::chrono::days>(time); }

/// From the first day to the last, both included; without a last day for ever.
struct Period {
  Day first;
  std::optional<Day> last;

  [[nodiscard]] bool contains(Day day) const { return first <= day && (!last || day <= *last); }
};

}  // namespace privyseal::policy
