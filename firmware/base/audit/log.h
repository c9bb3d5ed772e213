/// An append-only log of what a daemon did, inside the daemon's own database.
///
/// Why there: an entry is written in the transaction of the change that it records, so that neither exists
/// without the other. Nothing is kept in memory: a transaction that is rolled back takes its entries along.
///
/// Threads: one at a time per Log; further Logs over connections of their own may read, and write
/// checkpoints. Ownership: database and clock must outlive the Log, and the Database must not be moved.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "firmware/base/audit/checkpoint.h"
#include "firmware/base/audit/entry.h"
#include "firmware/base/audit/signer.h"
#include "firmware/base/audit/verify.h"
#include "firmware/base/database.h"

namespace privyseal::audit {

class Log {
 public:
  /// Makes the tables when they are not there. `origin` is "<host>/<daemon>".
  /// kInvalid: no origin. Else as Database.
  [[nodiscard]] static Result<Log> open(Database& database, std::string origin, const Clock& clock);
  /// Over tables that are there, for a connection that may not write.
  [[nodiscard]] static Result<Log> open_to_read(Database& database, std::string origin, const Clock& clock);

  /// Call inside a transaction (BEGIN IMMEDIATE): nothing is durable before its COMMIT. Gives seq, from 0.
  [[nodiscard]] Result<std::uint64_t> append(const Entry& entry);

  [[nodiscard]] Result<std::uint64_t> size();
  [[nodiscard]] Result<Digest> root();
  /// Lines, oldest first, without the first `after` ones; as many as `limit`.
  [[nodiscard]] Result<std::vector<std::string>> entries(std::uint64_t after, std::uint64_t limit);
  /// The last signed note; empty: none was made yet.
  [[nodiscard]] Result<std::string> last_checkpoint();

  /// Outside of transactions. Signs what is committed; false: nothing came in since the last checkpoint, or
  /// there is no entry yet. Errors as the signer's; the log stays usable.
  [[nodiscard]] Result<bool> checkpoint(Signer& signer);

  /// As verify() in verify.h.
  [[nodiscard]] Result<Verdict> verify(ByteView public_key = {});

 private:
  Log(Database& database, std::string origin, const Clock& clock, std::string boot)
      : database_(&database), origin_(std::move(origin)), clock_(&clock), boot_(std::move(boot)) {}

  Database* database_;  // pointers, so that a Log can be moved
  std::string origin_;
  const Clock* clock_;
  std::string boot_;
  std::vector<Statement> append_;  // prepared once: read the state, add the entry, write the state
};

}  // namespace privyseal::audit
