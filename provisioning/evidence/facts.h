/// Everything that was collected for an audit pack: what the checks judge, and what the pack shows.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "firmware/base/clock.h"
#include "firmware/base/json.h"
#include "hsm/wire.h"
#include "provisioning/evidence/declarations.h"
#include "provisioning/evidence/mails.h"
#include "provisioning/evidence/signed_log.h"
#include "provisioning/evidence/token_standing.h"

namespace privyseal::evidence {

/// From `from` on, before `to`.
struct DateRange {
  WallTime from{};
  WallTime to{};
};

/// A question that was not answered stays an error, so that nothing is concluded from silence.
struct Facts {
  DateRange range;
  WallTime now{};
  std::string host;                 ///< the appliance's name, as its checkpoints carry it
  Result<JsonObject> gateway;       ///< gatewayd's status
  Result<JsonObject> certificates;  ///< renewd's cert-list
  Result<JsonObject> accounts;      ///< admind's users
  Result<std::vector<hsm::KeyInfo>> keys;
  Result<std::vector<hsm::KeyUses>> uses;
  TokenStanding token{};
  Bytes audit_key;  ///< SubjectPublicKeyInfo
  std::map<Daemon, Result<SignedLog>> logs;
  Mails mails;                       ///< all are in gatewayd's signed log
  std::uint64_t unsigned_mails = 0;  ///< of the range, left out: no checkpoint covers them yet
  Declarations declarations;

  /// That nothing of the mails and logs was lost, however often they were read. kUnavailable.
  [[nodiscard]] Result<void> state() const {
    Result<void> sound = mails.lines().state();
    for (const auto& [daemon, log] : logs)
      if (sound && log) sound = log->lines.state();
    return sound;
  }
};

}  // namespace privyseal::evidence
