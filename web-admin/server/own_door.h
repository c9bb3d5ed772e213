/// What local programs may ask the console's daemon: its status, the first officer's claim code, the users,
/// and its audit log.
///
/// Threads: the desk's; the caller sees to it. Ownership: services must outlive it.
#pragma once

#include <array>

#include "firmware/base/door.h"
#include "web-admin/server/visit.h"

namespace privyseal::web {

inline constexpr std::array kDoorGrants{
    DoorGrant{"provisioning", "status"},
    DoorGrant{"provisioning", "claim-code"},
    DoorGrant{"provisioning", "users"},
    DoorGrant{"provisioning", "audit-entries"},
    DoorGrant{"provisioning", "audit-checkpoint"},
    DoorGrant{"provisioning", "audit-verify"},
};

[[nodiscard]] Result<JsonObject> answer_door(Services& services, const DoorRequest& request);

/// Who the users are, as the door tells it and as a pack shows it.
[[nodiscard]] Result<JsonObject> users_told(Services& services);

/// One of the audit operations on the console's own log; the Audit page asks with this too.
[[nodiscard]] Result<JsonObject> ask_own_log(Services& services, std::string_view operation,
                                             const JsonObject& request);

}  // namespace privyseal::web
