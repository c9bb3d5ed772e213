/// The ledger taken out: the mails of a range as files that prove themselves.
///
///     ledger.csv       for a spreadsheet; empty when there is no mail
///     ledger.jsonl     the same mails, a line each, with what their proof needs
///     gatewayd.jsonl, gatewayd.note   gatewayd's log up to its last checkpoint, and that checkpoint
///     audit-key.pem    the key that signed it
///     verify_pack.py   checks all of it with Python and openssl alone: the log, the rows, and that
///                      ledger.csv says what they say
///
/// A ledger of any length: the files are kept without names, in the folder that `Collecting` names.
///
/// Threads: one at a time.
#pragma once

#include <memory>

#include "provisioning/evidence/collect.h"
#include "provisioning/evidence/ledger_proof.h"
#include "provisioning/evidence/manifest.h"

namespace privyseal::evidence {

struct LedgerExport {
  DateRange range;
  WallTime made_at{};
  LedgerProof proof;
  std::shared_ptr<const PackFiles> files;

  /// SHA-256 of ledger.jsonl, in hexadecimal: by it, one export is told from another.
  [[nodiscard]] std::string rows_hash() const;
};

/// Waits for no checkpoint: mails that none covers yet are counted and left out. Rows that are not as the log
/// says are in the files as they are, and the verdict names the first.
[[nodiscard]] Result<LedgerExport> export_ledger(const Collecting& at, const DateRange& range);

}  // namespace privyseal::evidence
