/// The audit logs of all daemons: what was done, and whether the logs are still what was written.
#pragma once

#include "web-admin/server/visit.h"

namespace privyseal::web {

[[nodiscard]] Response audit_page(Visit& visit);
[[nodiscard]] Response audit_log_page(Visit& visit);
[[nodiscard]] Response audit_verify_page(Visit& visit);

}  // namespace privyseal::web
