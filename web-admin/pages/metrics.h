/// The appliance's figures as text, for Prometheus: what `privyseal metrics` gives. Taken by whoever is
/// signed in, because there is no listener for them.
#pragma once

#include "web-admin/server/visit.h"

namespace privyseal::web {

[[nodiscard]] Response metrics_file(Visit& visit);

}  // namespace privyseal::web
