/// A moment as it stands in settings and registers (RFC 3339, UTC, whole seconds).
///
/// Pure and total. Threads: any.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "firmware/base/clock.h"

namespace privyseal {

/// "2026-03-01T09:30:00Z", and no other spelling.
[[nodiscard]] std::optional<WallTime> parse_utc_time(std::string_view text);

/// As parse_utc_time reads it; a part of a second is left out.
[[nodiscard]] std::string utc_text(WallTime time);

}  // namespace privyseal
