/// The columns of a mail's row that the audit log vouches for, and their one canonical text.
///
/// The log's entry for a row holds the SHA-256 of that text, so that who holds the row can prove that it is
/// what was recorded, and who does not cannot guess it (the row has 16 random bytes of salt in it). When a
/// mail is opened the text is the same but for what its end brings, which is null, and outcome,
/// which is "open": from the closed row both hashes can be made again.
///
/// `form` says which columns a row has: rows of the first form, which is a former version's, end with `salt`
/// and have no `form`. Columns are only ever added behind.
///
/// Threads: any.
#pragma once

#include <cstdint>
#include <string>

#include "firmware/base/database.h"
#include "firmware/base/sha256.h"

namespace privyseal::gateway {

inline constexpr std::int64_t kRowForm = 2;  ///< of new rows

/// "id, opened_at, ...", for a SELECT or RETURNING whose first columns these are.
[[nodiscard]] const std::string& row_columns();

/// From a statement that stands on such a row: a JSON object (firmware/base/audit/json_line.h).
[[nodiscard]] std::string canonical_row(const Statement& row);

/// How many columns row_columns() names.
[[nodiscard]] int row_column_count();

/// As it stands in the audit log.
[[nodiscard]] std::string hash_of_row(const std::string& canonical_row);

}  // namespace privyseal::gateway
