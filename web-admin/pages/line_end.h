/// The end of the line for good (clause 27 of the terms): an officer gives a reason and types the appliance's
/// name. Nothing here takes it back.
#pragma once

#include "web-admin/server/visit.h"

namespace privyseal::web {

[[nodiscard]] Response line_end_page(Visit& visit);
[[nodiscard]] Response line_end(Visit& visit);

}  // namespace privyseal::web
