/// What the command line asks us about the end of a key: it lays a request before the approvers, fetches
/// their approvals for keyd, and tells how it ended. Also the record that root has named the approvers.
///
/// Nothing here destroys a key or lets anybody do so: keyd does, and judges each approval by itself.
///
/// Threads: the desk's.
#pragma once

#include "firmware/base/door.h"
#include "web-admin/server/visit.h"

namespace privyseal::web {

/// {persons, passkeys, outcome} -> {}. The first entry has no outcome yet.
[[nodiscard]] Result<JsonObject> approvers_set(Services& services, const DoorRequest& request);
/// {text, role, retired_at} -> {url}. kInvalid: it is no request for this appliance, or its time is over.
[[nodiscard]] Result<JsonObject> destruction_ask(Services& services, const DoorRequest& request);
/// {key} -> {text, approvals: [{person, response}]}. kNotFound: nobody has asked for that.
[[nodiscard]] Result<JsonObject> destruction(Services& services, const DoorRequest& request);
/// {text, outcome} -> {}.
[[nodiscard]] Result<JsonObject> destruction_end(Services& services, const DoorRequest& request);

}  // namespace privyseal::web
