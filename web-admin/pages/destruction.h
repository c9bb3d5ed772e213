/// One request to destroy a key: an approval with one's own passkey and, once there are two, the end of the
/// key.
///
/// The challenge that a passkey signs is the SHA-256 of the request's text, which the page shows whole.
#pragma once

#include "web-admin/server/visit.h"

namespace privyseal::web {

[[nodiscard]] Response destruction_page(Visit& visit);
[[nodiscard]] Response destruction_options(Visit& visit);
/// An approval. The second one is brought to keyd at once, with the first.
[[nodiscard]] Response destruction_finish(Visit& visit);
/// Once more, where keyd could not be asked when the second approval came.
[[nodiscard]] Response destruction_carry_out(Visit& visit);

}  // namespace privyseal::web
