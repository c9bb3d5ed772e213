/// Outside text, and times, as they may stand on a terminal or in a page.
///
/// Names, addresses and reasons come from peers: a control byte among them could move the
/// cursor, and a direction mark could turn a name round, so both are shown, never sent.
///
/// Pure. Threads: any.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "firmware/base/clock.h"

namespace privyseal::evidence {

/// `text` with control characters (C0, DEL, C1), direction marks, invisible characters and bytes that are no
/// UTF-8 as \xNN, byte by byte, and each backslash doubled. What it gives is one line of valid UTF-8.
[[nodiscard]] std::string escaped(std::string_view text);

/// Whether `escaped` would leave the text as it is, but for its backslashes.
[[nodiscard]] bool is_visible(std::string_view text);

/// How many characters `text` (valid UTF-8) takes, near enough for columns.
[[nodiscard]] std::size_t width_of(std::string_view text);

/// "2026-03-29T01:00:00Z", with or without a fraction of a second; only UTC.
[[nodiscard]] std::optional<WallTime> parse_time(std::string_view text);

/// "2026-03-29" (that day's beginning in UTC), or what parse_time takes.
[[nodiscard]] std::optional<WallTime> parse_date_or_time(std::string_view text);

/// "2026-03-29 02:00:00 +01:00": Europe/London. The rule of 1996 is written out here, because a
/// minimal system has no time zone files: summer time from the last Sunday of March to that of October, 01:00
/// UTC.
[[nodiscard]] std::string london(WallTime time);

/// The same for a door's RFC 3339 text; what is no time is shown as it is, escaped.
[[nodiscard]] std::string london(std::string_view rfc3339);

/// "1 mail", "2 mails".
[[nodiscard]] std::string counted(std::uint64_t count, std::string_view noun);

}  // namespace privyseal::evidence
