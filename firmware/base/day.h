/// A day as it stands in settings and registers.
///
/// Pure and total. Threads: any.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

#include "firmware/base/clock.h"

namespace privyseal {

using Day = std::chrono::sys_days;

/// "2026-03-01", a day of the calendar.
[[nodiscard]] std::optional<Day> parse_day(std::string_view text);

[[nodiscard]] inline Day day_of(WallTime time) { return std::chrono::floor<std::chrono::days>(time); }

}  // namespace privyseal
