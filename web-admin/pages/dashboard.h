/// "Is it working?": four lights, each with one sentence and one action, and the last hour's mail.
#pragma once

#include "web-admin/server/visit.h"

namespace privyseal::web {

[[nodiscard]] Response dashboard_page(Visit& visit);

}  // namespace privyseal::web
