/// What local programs may ask the console's daemon: its status, the first officer's claim code, the users, and
/// its audit log.
///
/// Threads: the desk's; the caller sees to it. Ownership: services must outlive it.
#pragma once

#include <array>

#include "firmware/base/door.h"
#include "web-admin/server/visit.h"

namespace privyseal::web {

inline constexpr std::array kDoorGrants{
    DoorGrant{"provisioning", "status"},           DoorGrant{"provisioning", "claim-code"},
    DoorGrant{"provisioning", "users"},            DoorGrant{"provisioning", "audit-entries"},
    DoorGrant{"provisioning", "audit-checkpoint"}, DoorGrant{"provisioning", "audit-verify"},
};

[[nodiscard]] Result<JsonObject> answer_door(Services& services, const DoorRequest& request);

// The console's own audit log as the doors of other daemons show theirs; the Audit page reads it with these too.
[[nodiscard]] Result<JsonObject> own_audit_entries(Services& services, std::uint64_t after, std::uint64_t limit);
[[nodiscard]] Result<JsonObject> own_audit_verify(Services& services);

}  // namespace privyseal::web
