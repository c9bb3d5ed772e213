/// Takes the ledger out beside the desk, because gatewayd's log is read from its first entry.
///
/// Threads and what is kept: as Workshop. Ownership: settings and clock must outlive it.
#pragma once

#include "firmware/base/clock.h"
#include "firmware/base/door.h"
#include "provisioning/evidence/ledger_export.h"
#include "web-admin/server/settings.h"
#include "web-admin/server/workshop.h"

namespace privyseal::web {

struct LedgerOrder {
  evidence::DateRange range;
  Actor who;
};

class LedgerExporter final : public Workshop<LedgerOrder, evidence::LedgerExport> {
 public:
  LedgerExporter(const Settings& settings, const Clock& clock);
};

}  // namespace privyseal::web
