/// Whether mail passes at all: the state of the line, and the switch by which an officer suspends it at once
/// (clause 5 of the terms) and lets mail pass again. To end it for good is a matter of the command line.
#pragma once

#include "web-admin/server/visit.h"

namespace privyseal::web {

[[nodiscard]] Response line_page(Visit& visit);
[[nodiscard]] Response line_switch(Visit& visit);
/// A sender that an hourly cap has stopped begins anew.
[[nodiscard]] Response sender_release(Visit& visit);

}  // namespace privyseal::web
