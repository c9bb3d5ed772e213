/// "With whom do we exchange mail?": the domains of the ledger's envelopes, for the review of flows.
#pragma once

#include "web-admin/server/visit.h"

namespace privyseal::web {

[[nodiscard]] Response partners_page(Visit& visit);

}  // namespace privyseal::web
