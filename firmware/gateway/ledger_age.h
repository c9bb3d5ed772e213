/// How old the ledger's mails are at least, whatever the clock says: by the time that the box was on since.
///
/// Why: purging destroys, and a clock can be wrong in both directions. One that stands in the future (a bad
/// time source, a slip of an administrator) makes new rows look old; one that began anew with an empty
/// battery gave rows a date that looks old when it is right again. What the kernel counts since it booted
/// cannot be set. The ledger adds it up over the boots ("lived"), and notes each six hours which mail was the
/// newest: a mail that is no newer than such a mark is as old as the mark at least.
///
/// Time that the box was off, and up to an hour before a power cut, does not count: rows are then kept that
/// much longer. So do those of a ledger that is brought back from a backup, and of one of a former version,
/// whose age begins with its first start here.
///
/// Threads: as the Database. Belongs inside a transaction.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "firmware/base/clock.h"
#include "firmware/base/database.h"
#include "firmware/base/result.h"

namespace privyseal::gateway {

/// Adds what has passed since the last call, if that was in this boot.
[[nodiscard]] Result<void> note_life(Database& database, const BootTime& on, WallTime now);

/// Which mails are older than something, in the eyes of both, the clock and the box's own life.
struct ProvenOld {
  std::string opened_before{};  ///< RFC 3339; empty: none
  std::int64_t last_mail = 0;   ///< and with no greater id
};
[[nodiscard]] Result<ProvenOld> proven_old(Database& database, WallTime now, std::chrono::seconds age);

/// Why mails that the clock takes for older than `age`, by more than a day, or that come from the future are
/// kept, for a person to read; empty: there are none.
[[nodiscard]] Result<std::string> purge_delay(Database& database, WallTime now, std::chrono::seconds age);

/// The latest time that the ledger has recorded, of a mail or a mark; the epoch: none. kInvalid: it is none.
[[nodiscard]] Result<WallTime> latest_time(Database& database);

}  // namespace privyseal::gateway
