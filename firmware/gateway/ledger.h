/// The evidence of every mail transaction, on stable storage before the mail is passed on.
///
/// One thread writes; what arrives while it syncs is written in the next transaction (group
/// commit), so that many sessions share one fsync. A batch that fails is answered with its error
/// to everyone in it, and is never tried again: after a failed fsync the pages may be gone.
///
/// Rows that are older than six months are purged here too, in small steps between the batches: once after
/// the start and then each hour (ledger_retention.h). A full disk ends that as it ends the mail: with an
/// alert.
///
/// Threads: any, from coroutines. Ownership: the loops of those coroutines must outlive the ledger's thread
/// (see stop), and the coroutines must not outlive the Ledger.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>

#include "firmware/base/clock.h"
#include "firmware/base/result.h"
#include "firmware/gateway/ledger_store.h"
#include "firmware/gateway/mail_record.h"
#include "firmware/gateway/unheard.h"
#include "firmware/tls/net.h"

namespace privyseal::gateway {

class Ledger {
 public:
  /// `origin`: of the audit log in it. Rows that an earlier process left open become `unknown`.
  /// Errors as LedgerStore::open. The clock must outlive the ledger.
  [[nodiscard]] static Result<std::unique_ptr<Ledger>> open(const std::filesystem::path& file,
                                                            const std::string& origin, const Clock& clock);
  ~Ledger();  // as stop()
  Ledger(const Ledger&) = delete;
  Ledger& operator=(const Ledger&) = delete;

  /// Writes what is queued and ends the thread: no loop is touched any more. Later rows are kUnavailable.
  void stop();

  /// Durable when it returns. kUnavailable: it could not be written, and the mail must not be passed on.
  [[nodiscard]] net::awaitable<Result<RowId>> open_row(MailRecord record);
  /// Durable when it returns. `mail`: the next hop has it, and its sender is yet to hear so; from now on it
  /// is repeated() unless it is heard().
  [[nodiscard]] net::awaitable<Result<void>> close_row(RowId row, MailEnd end,
                                                       std::optional<MailIdentity> mail = std::nullopt);
  /// A transaction that ended before any mail was passed on: one row, opened and closed in one.
  [[nodiscard]] net::awaitable<Result<void>> record(MailRecord record, MailEnd end);

  /// Runs `act` in a transaction of its own, so that its failure is no mail's. Waits: not for a loop.
  /// Then all mails so far have their words, which else come up to a second after them.
  [[nodiscard]] Result<void> change(std::function<Result<void>(LedgerStore&)> act);

  /// What delays purging, for people, as the last look found it; empty: nothing.
  [[nodiscard]] std::string purge_waits();

  // Of mails whose senders may not know what came of them (unheard.h).
  /// The key of their identities.
  [[nodiscard]] const Bytes& identity_key() const { return identity_key_; }
  /// The row under which the next hop got this very mail.
  [[nodiscard]] std::optional<RowId> repeated(const MailIdentity& mail, WallTime now);
  /// Its sender knows. On the disk with the next row: until then a crash may make us take the mail for
  /// unheard.
  void heard(const MailIdentity& mail);
  /// Its sender's connection is over.
  void lost(const MailIdentity& mail) { unheard_.lose(mail); }

  /// Appends to the audit log, soon; from any thread. What cannot be written is an alert in the log.
  void note(audit::Entry entry);
  /// The same, durable when it returns. Waits for the ledger's thread: not for a loop.
  [[nodiscard]] Result<void> record(audit::Entry entry);

  /// False: the disk has hardly room for a commit, which is why rows could not be written.
  [[nodiscard]] bool has_room() const;
  /// How often a batch could not be written, since the start.
  [[nodiscard]] std::uint64_t write_failures() const;

 private:
  class Writer;
  Ledger(std::unique_ptr<Writer> writer, Bytes identity_key);

  Unheard unheard_;
  const Bytes identity_key_;
  std::unique_ptr<Writer> writer_;
};

}  // namespace privyseal::gateway
