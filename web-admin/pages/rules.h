/// The rules and registers that mail is judged by: which files are in use, and how an officer brings a newer
/// one to an appliance where nobody has a command line.
///
/// The page's script sends the file in parts, because no request of ours is that long, and then its hash.
/// gatewayd tries it together with all others, records it and uses it, or says what is wrong with it.
#pragma once

#include "web-admin/server/visit.h"

namespace privyseal::web {

[[nodiscard]] Response rules_page(Visit& visit);
/// For the script: {after, content: base64}. Nothing is in use by that, so it is not recorded.
[[nodiscard]] Response rules_part(Visit& visit);
[[nodiscard]] Response rules_bring(Visit& visit);
[[nodiscard]] Response rules_remove(Visit& visit);

}  // namespace privyseal::web
