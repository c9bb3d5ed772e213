/// How identities and generations look on the door.
///
/// Pure. Threads: any.
#pragma once

#include <optional>
#include <string>

#include "ca/alarm.h"
#include "ca/authority/authority.h"
#include "ca/rotation.h"
#include "firmware/base/json.h"

namespace privyseal::renewd {

/// {generation, state, key, subject?, issuer?, serial?, not_before?, not_after?, fingerprint?, why?, since}
[[nodiscard]] JsonObject generation_json(const ca::Generation& generation);

/// {name, issuer, active, previous, candidate, alarm, next, renew_at?}
[[nodiscard]] JsonObject identity_json(const std::string& name, const ca::IdentityState& identity,
                                       const std::optional<ca::StandingAlarm>& alarm, WallTime now);

/// What happens next, in one sentence.
[[nodiscard]] std::string next_sentence(const ca::IdentityState& identity, WallTime now);

[[nodiscard]] JsonObject issued_json(const authority::IssuedRow& row);

}  // namespace privyseal::renewd
