/// Times and periods as they stand in the policy's files.
///
/// Pure and total. Threads: any.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

#include "firmware/base/clock.h"
#include "firmware/base/day.h"

namespace privyseal::policy {

/// "2026-03-01T09:30Z" or with seconds; UTC only.
[[nodiscard]] std::optional<WallTime> parse_time(std::string_view text);

/// From the first day to the last, both included; without a last day for ever.
struct Period {
  Day first;
  std::optional<Day> last;

  [[nodiscard]] bool contains(Day day) const { return first <= day && (!last || day <= *last); }
};

}  // namespace privyseal::policy
