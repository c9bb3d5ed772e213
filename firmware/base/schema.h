/// Brings a database's tables to their newest form, one step after the other.
///
/// The number of steps that were taken stands in the file (PRAGMA user_version). A step only adds, so that
/// the former version of the program still works on the file when an update is taken back; a file with more
/// steps than are known is therefore fine.
///
/// Threads: as the Database.
#pragma once

#include <span>

#include "firmware/base/database.h"
#include "firmware/base/result.h"

namespace privyseal {

/// One step, inside a transaction of its own.
using SchemaStep = Result<void> (*)(Database& database);

/// Takes the steps that are missing. After an error those before it stand.
[[nodiscard]] Result<void> apply_schema(Database& database, std::span<const SchemaStep> steps);

}  // namespace privyseal
