/// The keys in the HSM: what each is for, and how often it was used.
#pragma once

#include "web-admin/server/visit.h"

namespace privyseal::web {

[[nodiscard]] Response keys_page(Visit& visit);

}  // namespace privyseal::web
