/// What keyd may sign with the audit key: a checkpoint in its exact form (firmware/base/audit/checkpoint.h)
/// of a log of the caller's own, and never one that takes an earlier one back.
///
/// Pure and total.
#pragma once

#include <optional>
#include <string_view>

#include "firmware/base/audit/checkpoint.h"

namespace privyseal::keyd {

/// The log that a checkpoint speaks of: "<host>/<daemon>".
struct LogName {
  std::string_view host;
  std::string_view daemon;
};

/// The two parts of an origin: a host name (letters, digits, '-' and '.') and a daemon of ours or "pack".
[[nodiscard]] std::optional<LogName> log_name_of(std::string_view origin);

/// A pack is no log: it is made anew each time, so that nothing of it can go back.
[[nodiscard]] inline bool is_log(const LogName& name) { return name.daemon != "pack"; }

/// kInvalid: not exactly origin, size and root, a line each; the origin is none of ours; no entries.
[[nodiscard]] Result<audit::Checkpoint> check_checkpoint(std::string_view text);

/// Whether the same log can have had both, `last` before `next`: it grows, or is the same.
/// kConflict: it would become shorter, or another log of the same length.
[[nodiscard]] Result<void> check_grows(const audit::Checkpoint& last, const audit::Checkpoint& next);

}  // namespace privyseal::keyd
