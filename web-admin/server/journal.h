/// The console's own audit log: who signed in, who did what, what was refused.
///
/// An act is written before its effect and its outcome after it. If the first cannot be written, the act is
/// refused. Refusals of strangers are written too, but only so many in ten minutes: nobody fills the disk
/// from outside; how many were left out stands in the next one.
///
/// Threads: the one of the Database. Ownership: database, clock and keys must outlive it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "firmware/base/audit/log.h"
#include "firmware/base/clock.h"
#include "firmware/base/database.h"
#include "firmware/base/door.h"
#include "firmware/base/json.h"

namespace privyseal::web {

/// What is about to be done, or was.
struct Act {
  std::string_view action;  ///< "certificate-activate"
  std::string object;       ///< "identity/cjsm"
  JsonObject params = {};   ///< only their hash is written
  std::string why = {};     ///< the person's own words
};

class Journal {
 public:
  [[nodiscard]] static Result<Journal> open(Database& database, const std::string& origin,
                                            const Clock& clock);

  /// Durable when it returns. kUnavailable and others: the act must not be done.
  [[nodiscard]] Result<void> begin(const Actor& actor, const Act& act);
  /// The outcome: "ok", or an error's code with its words. Failing to write it is logged.
  void end(const Actor& actor, const Act& act, const Result<void>& outcome);
  /// One entry for what has no effect beyond itself, as a sign-in.
  [[nodiscard]] Result<void> note(const Actor& actor, const Act& act);
  void refused(const Actor& actor, const Act& act, std::string_view why);

 private:
  Journal(Database& database, audit::Log log, const Clock& clock)
      : database_(&database), log_(std::move(log)), clock_(&clock) {}

  Result<void> write(const Actor& actor, const Act& act, std::string_view outcome, std::string_view why);

  Database* database_;
  audit::Log log_;
  const Clock* clock_;
  std::optional<WallTime> window_begun_;  // of refusals
  int refusals_ = 0;
};

}  // namespace privyseal::web
