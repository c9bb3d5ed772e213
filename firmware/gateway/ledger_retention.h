/// How long the ledger keeps a mail: six months at least (terms, clause 4), then the row goes, unless a legal
/// hold keeps it. Two must agree that a row is so old: the clock, and the time that the box was on since
/// (ledger_age.h). A clock that is wrong delays purging, and never destroys.
///
/// The audit log keeps its entries about the mail, which hold hashes and no names, and gets one about the
/// purge: every checkpoint goes on being true, and a verifier can tell a purged row from a missing one.
///
/// Threads: as the Database.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "firmware/base/audit/log.h"
#include "firmware/base/clock.h"
#include "firmware/base/database.h"
#include "firmware/gateway/ledger_schema.h"

namespace privyseal::gateway {

inline constexpr std::chrono::days kRetention{184};  // the longest six months there are

/// What must not be purged, because somebody may need it: a breach, a dispute, an audit.
struct Hold {
  std::int64_t id = 0;
  std::string key{};   ///< of a sender, a recipient, or "@domain" (search_keys.h); empty: of everybody
  std::string from{};  ///< mails opened then or later; empty: from the first
  std::string to{};    ///< mails opened before; empty: for good
  std::string placed_at{};
  std::string placed_by{};
  std::string why{};
  std::string ended_at{};  ///< empty: it holds
  std::string ended_by{};
  std::string ended_why{};
};

/// Who does it, for the audit log; `why` is the person's reason.
struct HoldActor {
  std::string name{};
  std::string role{};
  std::string source{};
};

/// Threads: one. Every member belongs inside a transaction.
class Retention {
 public:
  Retention(Database& database, audit::Log& log, KeyTable& keys)
      : database_(database), log_(log), keys_(keys) {}

  /// How far one look through the old rows has come.
  struct Progress {
    std::string opened_at{};
    std::int64_t id = 0;
    bool is_done = false;  ///< nothing older than six months is left to be looked at
  };
  /// Looks at no more than `most` of the oldest rows behind `from`, and purges those that are not held.
  [[nodiscard]] Result<Progress> purge(const Progress& from, WallTime now, std::int64_t most);

  /// Gives its id. From now on nothing that it names is purged.
  [[nodiscard]] Result<std::int64_t> place(const Hold& hold, const HoldActor& by);
  /// kNotFound: there is none with that id. kConflict: it has ended already.
  [[nodiscard]] Result<void> end(std::int64_t id, const std::string& why, const HoldActor& by, WallTime now);

 private:
  [[nodiscard]] Result<void> note_purged(std::vector<std::int64_t> ids);
  [[nodiscard]] Result<void> note(const HoldActor& by, std::string_view action, std::int64_t id,
                                  const std::string& hash, const std::string& why);

  Database& database_;
  audit::Log& log_;
  KeyTable& keys_;
};

/// Newest first. For a connection that may only read, too.
[[nodiscard]] Result<std::vector<Hold>> holds(Database& database);

/// The word of a hold as a person gives it: an address, or a domain with or without its "@".
[[nodiscard]] std::string hold_key(std::string_view text);

}  // namespace privyseal::gateway
