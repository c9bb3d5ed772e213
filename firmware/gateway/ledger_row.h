/// The columns of a mail's row that the audit log vouches for, and their one canonical text.
///
/// The log's entry for a row holds the SHA-256 of that text, so that who holds the row can prove that it is
/// what was recorded, and who does not cannot guess it (the row has 16 random bytes of salt in it). When a
/// mail is opened the text is the same but for closed_at, size_bytes and reply, which are null, and outcome,
/// which is "open": from the closed row both hashes can be made again.
///
/// Threads: any.
#pragma once

#include <string>

#include "firmware/base/database.h"
#include "firmware/base/sha256.h"

namespace privyseal::gateway {

/// "id, opened_at, ...", for a SELECT or RETURNING whose first columns these are.
[[nodiscard]] const std::string& row_columns();

/// From a statement that stands on such a row: a JSON object (firmware/base/audit/json_line.h).
[[nodiscard]] std::string canonical_row(const Statement& row);

/// As it stands in the audit log.
[[nodiscard]] std::string hash_of_row(const std::string& canonical_row);

}  // namespace privyseal::gateway
