/// The appliance's own CA, for everybody who is to trust it: its certificate as a file, and its fingerprint.
///
/// Both are public, and read from the files that renewd leaves for all. Its door is not asked, because
/// strangers may load these pages: a renewd that hangs would let them hold the one desk.
#pragma once

#include "web-admin/server/visit.h"

namespace privyseal::web {

/// What it is for, how to compare it, and where it is; empty while there is none.
[[nodiscard]] Html own_ca_section(const Visit& visit);

/// GET /own-ca.pem
[[nodiscard]] Response own_ca_file(Visit& visit);

}  // namespace privyseal::web
