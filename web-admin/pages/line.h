/// Whether mail passes at all: the state of the line, and the switch by which an officer suspends it at once
/// (clause 5 of the terms) and lets mail pass again. pages/line_end ends it for good.
#pragma once

#include "web-admin/server/visit.h"

namespace privyseal::web {

/// Has gatewayd switch it: written down before and after. kConflict: it was ended for good.
[[nodiscard]] Result<JsonObject> switch_line(Visit& visit, const std::string& line, const std::string& why);

[[nodiscard]] Response line_page(Visit& visit);
[[nodiscard]] Response line_switch(Visit& visit);
/// A sender that an hourly cap has stopped begins anew.
[[nodiscard]] Response sender_release(Visit& visit);

}  // namespace privyseal::web
