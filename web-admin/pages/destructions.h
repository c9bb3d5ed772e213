/// The end of a key: what is to be destroyed, who may approve it, and an approval with one's own passkey.
///
/// The challenge that a passkey signs is the SHA-256 of the request's text, which the page shows whole.
#pragma once

#include "web-admin/server/visit.h"

namespace privyseal::web {

[[nodiscard]] Response destructions_page(Visit& visit);
[[nodiscard]] Response destruction_page(Visit& visit);
[[nodiscard]] Response destruction_options(Visit& visit);
[[nodiscard]] Response destruction_finish(Visit& visit);

}  // namespace privyseal::web
