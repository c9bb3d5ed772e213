/// "Where is Alice's message?": find, and track one.
#pragma once

#include "web-admin/server/visit.h"

namespace privyseal::web {

[[nodiscard]] Response mail_page(Visit& visit);
[[nodiscard]] Response mail_track_page(Visit& visit);

}  // namespace privyseal::web
