/// Everything that was collected for an audit pack: what the checks judge, and what the pack shows.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "firmware/base/clock.h"
#include "firmware/base/json.h"
#include "hsm/wire.h"
#include "provisioning/cli/pack/declarations.h"
#include "provisioning/cli/signed_log.h"

namespace privyseal::cli {

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
  Bytes audit_key;  ///< SubjectPublicKeyInfo
  std::map<Daemon, Result<SignedLog>> logs;
  std::vector<JsonObject>
      mails;  ///< {id, salt, row, opened_seq, closed_seq}; all are in gatewayd's signed log
  std::uint64_t unsigned_mails = 0;  ///< of the range, left out: no checkpoint covers them yet
  Declarations declarations;
};

}  // namespace privyseal::cli
