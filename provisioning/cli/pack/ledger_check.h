/// Whether the ledger's rows are the ones that gatewayd's audit log vouches for.
///
/// The log holds, for a mail opened and for a mail closed, the SHA-256 of the row's canonical text; a row
/// that was not yet closed had nothing of what its end brings, and the outcome "open".
///
/// Pure. Threads: any.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "firmware/base/json.h"
#include "firmware/base/result.h"

namespace privyseal::cli {

/// The canonical text of a row (firmware/base/audit/json_line.h). kInvalid: a member is neither text, whole
/// number nor null.
[[nodiscard]] Result<std::string> canonical_text(const JsonObject& row);

/// What a sound ledger may still lack.
struct LedgerVerdict {
  std::uint64_t purged = 0;  ///< mails between the first and the last that went after six months
};

/// `mails` as ledger-extract gives them, oldest first; `log` is gatewayd's. kInvalid: the first mail that is
/// not what the log says, or a mail between the first and the last that is missing
/// and was not purged, or was purged too early.
[[nodiscard]] Result<LedgerVerdict> check_ledger(const std::vector<JsonObject>& mails,
                                                 const std::vector<std::string>& log);

}  // namespace privyseal::cli
