/// The auditor's pack: signed evidence of a range of days, made here and downloaded as one file.
#pragma once

#include "web-admin/server/visit.h"

namespace privyseal::web {

[[nodiscard]] Response audit_pack_page(Visit& visit);
[[nodiscard]] Response audit_pack_make(Visit& visit);
/// "/audit-pack/{}": the archive with this content hash.
[[nodiscard]] Response audit_pack_file(Visit& visit);

}  // namespace privyseal::web
