/// "Has that person a CJSM address?": the directory that an officer has brought, searched.
#pragma once

#include "web-admin/server/visit.h"

namespace privyseal::web {

[[nodiscard]] Response directory_page(Visit& visit);

}  // namespace privyseal::web
