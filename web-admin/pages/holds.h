/// What is kept beyond six months, and why (legal holds): shown to everybody who is signed in, placed and
/// ended by officers.
#pragma once

#include "web-admin/server/visit.h"

namespace privyseal::web {

[[nodiscard]] Response holds_page(Visit& visit);
[[nodiscard]] Response hold_add(Visit& visit);
[[nodiscard]] Response hold_end(Visit& visit);

}  // namespace privyseal::web
