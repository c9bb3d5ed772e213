/// What every daemon's door answers about its audit log: audit-entries, audit-checkpoint, audit-verify.
///
/// Threads: the door's. Reads through a connection of the door's own, so that nobody waits for a reader.
#pragma once

#include <string>
#include <string_view>

#include "firmware/base/bytes.h"
#include "firmware/base/database.h"
#include "firmware/base/json.h"
#include "firmware/base/result.h"

namespace privyseal::audit {

/// Where a door looks. Ownership: everything must outlive the call.
struct DoorSource {
  Database& database;
  std::string_view origin;
  ByteView public_key;  ///< of the audit key; empty: not known, so signatures are not checked
};

[[nodiscard]] bool is_door_operation(std::string_view operation);

/// `audit-entries` {after, limit<=500} -> {entries:[line, ...], size}; as many lines as one answer holds
/// `audit-checkpoint` {}               -> {note, size}; the note may be empty, the size is the log's
/// `audit-verify` {}                   -> {size, checkpoint_size, signatures_checked}, if the log is sound;
///     if not, it fails with kInvalid and "first bad entry 17 of 200: why", so that no caller can take a
///     broken log for a sound one
/// kInvalid: the request. kNotFound: no such operation.
[[nodiscard]] Result<JsonObject> answer_door(std::string_view operation, const JsonObject& request,
                                             const DoorSource& source);

}  // namespace privyseal::audit
