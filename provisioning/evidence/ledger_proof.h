/// The mails of a range beside the log that vouches for them: whether each row is as it was recorded.
///
/// Threads: one.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "firmware/base/bytes.h"
#include "firmware/base/json.h"
#include "provisioning/evidence/appliance.h"
#include "provisioning/evidence/facts.h"
#include "provisioning/evidence/ledger_check.h"

namespace privyseal::evidence {

/// What becomes of the rows and of the log's lines while they go by; nothing is held.
struct LedgerTakers {
  std::function<Result<void>(const JsonObject& mail)> mail;
  std::function<Result<void>(const std::string& line)> line;
};

struct LedgerProof {
  std::uint64_t mails = 0;
  std::uint64_t unsigned_mails = 0;  ///< the newest ones: no checkpoint covers them yet
  std::uint64_t log_entries = 0;
  std::string note;
  Bytes key;  ///< SubjectPublicKeyInfo
  Result<LedgerVerdict> verdict;
};

/// Reads the log and the ledger side by side, once. An error: one of them could not be read, or was not
/// taken; what they say of each other is the verdict.
[[nodiscard]] Result<LedgerProof> prove_ledger(Appliance& appliance, const DateRange& range,
                                               const LedgerTakers& takers);

}  // namespace privyseal::evidence
