/// The mail ledger's rows in SQLite, with the audit log of them: plain, synchronous, one thread.
///
/// Each opening and closing of a row appends an entry to the audit log in the same transaction. The words
/// under which a mail is found (search_keys.h) may come later, those of many mails together: they lie
/// scattered over the file, and each mail alone would write as much for them as for all the rest. The file
/// knows which mails may lack theirs, so that nothing is lost with the process. `Ledger` puts this behind a
/// thread of its own; `LedgerReader` reads beside it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "firmware/base/audit/log.h"
#include "firmware/base/clock.h"
#include "firmware/base/database.h"
#include "firmware/base/result.h"
#include "firmware/gateway/ledger_age.h"
#include "firmware/gateway/ledger_retention.h"
#include "firmware/gateway/ledger_schema.h"
#include "firmware/gateway/mail_record.h"
#include "firmware/gateway/unheard_store.h"

namespace privyseal::gateway {

inline constexpr std::string_view kActor = "gatewayd";  ///< of the entries that no person caused

class LedgerStore {
 public:
  /// Makes the tables when the file is new. `origin` is that of the audit log; `clock` must outlive the
  /// store. kInvalid: the file is damaged; it is kept, and nothing is started on an empty one in its place.
  [[nodiscard]] static Result<LedgerStore> open(const std::filesystem::path& file, const std::string& origin,
                                                const Clock& clock);

  /// For the start of the process: rows that an earlier one left open become `unknown`.
  [[nodiscard]] Result<void> close_left_overs(WallTime now);

  enum class Words : std::uint8_t {
    kNow,    ///< of all mails so far
    kLater,  ///< unless many wait: see lacks_words()
  };

  /// Runs `work`; when this succeeds, what it wrote survives a power cut. Else nothing of it was written.
  [[nodiscard]] Result<void> together(const std::function<Result<void>()>& work, Words words = Words::kNow);
  /// Some mails would not be found by their words yet.
  [[nodiscard]] bool lacks_words() const { return !wordless_.empty(); }
  // Inside the work of `together`.
  [[nodiscard]] Result<RowId> add(const MailRecord& record);
  [[nodiscard]] Result<void> close(RowId row, const MailEnd& end);
  /// An entry of the audit log that belongs to no mail.
  [[nodiscard]] Result<void> note(const audit::Entry& entry);
  /// Holds; valid as long as the store stays where it is.
  [[nodiscard]] Retention retention() { return {*database_, log_, statements_.keys}; }

  /// Notes that time has passed (ledger_age.h): ask each hour. Gives why rows that the clock takes for old
  /// are not purged yet, in words; empty: there are none.
  [[nodiscard]] Result<std::string> live(const Clock& clock);
  /// One step of purging, in a transaction of its own.
  [[nodiscard]] Result<Retention::Progress> purge(const Retention::Progress& from, WallTime now,
                                                  std::int64_t most);
  [[nodiscard]] UnheardStore& unheard() { return unheard_; }

  /// What an earlier process left in unheard(), oldest first.
  [[nodiscard]] Result<std::vector<UnheardStore::Mail>> unheard_mails() {
    return UnheardStore::read(*database_);
  }

 private:
  struct MailWords {
    RowId mail = 0;
    std::string opened_at;
    std::vector<std::string> words;
  };

  /// Prepared once.
  struct Statements {
    Statement add;
    Statement close;
    Statement mark_opened;
    Statement mark_closed;
    KeyTable keys;
  };

  LedgerStore(std::unique_ptr<Database> database, audit::Log log, UnheardStore unheard, Statements statements)
      : database_(std::move(database)),
        log_(std::move(log)),
        unheard_(std::move(unheard)),
        statements_(std::move(statements)) {}
  [[nodiscard]] Result<void> enter_words();
  [[nodiscard]] Result<void> vouch(std::string_view action, RowId row, const std::string& canonical_row,
                                   std::string_view outcome, Statement& mark);
  [[nodiscard]] Result<std::vector<RowId>> open_rows();
  [[nodiscard]] Result<void> close_rows(const std::vector<RowId>& rows, const MailEnd& end);

  std::unique_ptr<Database> database_;  // at one address, because the log knows it
  audit::Log log_;
  UnheardStore unheard_;
  Statements statements_;
  std::vector<MailWords> wordless_;  // written, but not entered under these words
};

}  // namespace privyseal::gateway
