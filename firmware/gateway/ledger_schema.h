/// The ledger's tables: mails, the words under which they are found (search_keys.h), and legal holds.
///
/// Threads: as the Database.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "firmware/base/database.h"
#include "firmware/base/result.h"

namespace privyseal::gateway {

/// Makes the tables, or brings those of a former version to this one, and gives mails the words that they
/// lack. Rows of a former version keep their form, so that the audit log goes on vouching for them
/// (ledger_row.h).
[[nodiscard]] Result<void> prepare_ledger(Database& database);

/// All mails that are closed have their words now; those that are open may get some with their end.
[[nodiscard]] Result<void> note_words_complete(Database& database);

/// The day of an RFC 3339 time, or of the beginning of one, as a number: 20260301. What is not there of the
/// day is made of `missing`, '0' or '9'.
[[nodiscard]] std::int64_t day_number(std::string_view time, char missing = '0');

/// One a line, as the column `recipients` has them; and back.
[[nodiscard]] std::string lines_of(const std::vector<std::string>& texts);
[[nodiscard]] std::vector<std::string> lines_in(std::string_view text);

/// Enters mails under their words, and takes them away again.
class KeyTable {
 public:
  /// kUnavailable, kInvalid: as Database. The Database must outlive it.
  [[nodiscard]] static Result<KeyTable> open(Database& database);

  /// A word that the mail has already counts once. `keys` as search_keys.h makes them.
  [[nodiscard]] Result<void> add(const std::vector<std::string>& keys, std::string_view opened_at,
                                 std::int64_t mail);
  [[nodiscard]] Result<void> remove(const std::vector<std::string>& keys, std::string_view opened_at,
                                    std::int64_t mail);

 private:
  KeyTable(Statement add, Statement remove) : add_(std::move(add)), remove_(std::move(remove)) {}

  Statement add_;
  Statement remove_;
};

}  // namespace privyseal::gateway
