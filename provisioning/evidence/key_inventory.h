/// What is in the token, and what it was used for, as JSON: the one answer that keyd does not give as such.
///
/// Pure. Threads: any.
#pragma once

#include <vector>

#include "firmware/base/json.h"
#include "hsm/wire.h"

namespace privyseal::evidence {

/// `{"keys":[{"name","role","type","fingerprint","uses":{...}}]}`
[[nodiscard]] JsonObject key_inventory(const std::vector<hsm::KeyInfo>& keys,
                                       const std::vector<hsm::KeyUses>& uses);

}  // namespace privyseal::evidence
