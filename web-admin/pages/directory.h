/// "Has that person a CJSM address?": the directory that an officer has brought, searched, and
/// taken out as an address list.
#pragma once

#include "web-admin/server/visit.h"

namespace privyseal::web {

[[nodiscard]] Response directory_page(Visit& visit);
/// "/directory/{}": all active people, as "csv" or "ldif".
[[nodiscard]] Response directory_file(Visit& visit);

}  // namespace privyseal::web
