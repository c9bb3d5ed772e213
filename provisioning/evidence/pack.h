/// The audit pack: what an auditor gets, as files.
///
///     index.html            for reading and printing
///     pack.json             the same for programs: clauses, findings, range, when and of which appliance
///     keys.json, certificates.json, accounts.json   as they were when the pack was made
///     data/ledger.jsonl     the mails of the range, a line each
///     data/<daemon>.jsonl   the entries of each audit log within the range
///     logs/<daemon>.jsonl, logs/<daemon>.note       each log up to its last checkpoint, and that checkpoint
///     audit-key.pem         the key that signed the checkpoints and the pack
///     verify_pack.py        checks all of it with Python and openssl alone
///
/// MANIFEST and MANIFEST.note (manifest.h) are added when it is signed.
///
/// Threads: one at a time.
#pragma once

#include "provisioning/evidence/checks.h"
#include "provisioning/evidence/manifest.h"

namespace privyseal::evidence {

/// kUnavailable: what was collected cannot be read again, and nothing is to be concluded from it.
[[nodiscard]] Result<PackFiles> pack_files(const Facts& facts, const Terms& terms);

/// pack.json; `hash` is the content hash.
[[nodiscard]] JsonObject pack_json(const Facts& facts, const Terms& terms,
                                   const std::vector<RowFindings>& findings, const std::string& hash);

}  // namespace privyseal::evidence
