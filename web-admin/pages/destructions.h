/// The retired keys that are still on the token, what is asked for, and who may approve it. An officer asks
/// here that one be destroyed.
#pragma once

#include "web-admin/server/visit.h"

namespace privyseal::web {

[[nodiscard]] Response destructions_page(Visit& visit);
/// Lays a request before the approvers; destroys nothing.
[[nodiscard]] Response destruction_ask(Visit& visit);

}  // namespace privyseal::web
