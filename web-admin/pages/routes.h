/// Every address of the console, in one table: method, path, who may, and which page.
#pragma once

#include <span>

#include "web-admin/server/router.h"

namespace privyseal::web {

[[nodiscard]] std::span<const Route> routes();

}  // namespace privyseal::web
