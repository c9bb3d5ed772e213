/// Who may sign in; officers invite others and end them.
#pragma once

#include "web-admin/server/visit.h"

namespace privyseal::web {

[[nodiscard]] Response users_page(Visit& visit);
[[nodiscard]] Response user_invite(Visit& visit);
[[nodiscard]] Response user_end(Visit& visit);

}  // namespace privyseal::web
