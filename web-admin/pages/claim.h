/// A claim code becomes a passkey: the code first, then who it is, then the authenticator.
#pragma once

#include "web-admin/server/visit.h"

namespace privyseal::web {

[[nodiscard]] Response claim_page(Visit& visit);
[[nodiscard]] Response claim_code(Visit& visit);
[[nodiscard]] Response claim_options(Visit& visit);
[[nodiscard]] Response claim_finish(Visit& visit);

}  // namespace privyseal::web
