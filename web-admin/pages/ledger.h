/// The mail ledger taken out: the mails of a range of days as CSV with what proves them, made here and
/// downloaded as one file.
#pragma once

#include "web-admin/server/visit.h"

namespace privyseal::web {

[[nodiscard]] Response ledger_page(Visit& visit);
[[nodiscard]] Response ledger_export(Visit& visit);
/// "/ledger/{}": the archive whose rows have this hash.
[[nodiscard]] Response ledger_file(Visit& visit);

}  // namespace privyseal::web
