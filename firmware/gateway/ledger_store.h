/// The mail ledger's rows in SQLite: plain, synchronous, one thread.
///
/// `Ledger` puts this behind a thread of its own; other programs open the file read-only.
#pragma once

#include <filesystem>

#include "firmware/base/clock.h"
#include "firmware/base/database.h"
#include "firmware/base/result.h"
#include "firmware/gateway/mail_record.h"

namespace privyseal::gateway {

using RowId = std::int64_t;

class LedgerStore {
 public:
  /// Makes the table when the file is new. kInvalid: the file is damaged; it is kept, and nothing is
  /// started on an empty one in its place.
  [[nodiscard]] static Result<LedgerStore> open(const std::filesystem::path& file);

  /// For the start of the process: rows that an earlier one left open become `unknown`.
  [[nodiscard]] Result<void> close_left_overs(WallTime now);

  // Between `begin` and `commit`; after an error only `roll_back` may follow.
  [[nodiscard]] Result<void> begin();
  [[nodiscard]] Result<RowId> add(const MailRecord& record);
  [[nodiscard]] Result<void> close(RowId row, const MailEnd& end);
  /// After it the rows survive a power cut.
  [[nodiscard]] Result<void> commit();
  void roll_back();

 private:
  LedgerStore(Database database, Statement add, Statement close)
      : database_(std::move(database)), add_(std::move(add)), close_(std::move(close)) {}

  Database database_;
  Statement add_;
  Statement close_;
};

}  // namespace privyseal::gateway
