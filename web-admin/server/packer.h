/// Makes the auditor's pack beside the desk.
///
/// Of memory a mail costs some hundred bytes while the pack is made.
///
/// Threads and what is kept: as Workshop. Ownership: settings and clock must outlive it.
#pragma once

#include "firmware/base/clock.h"
#include "firmware/base/door.h"
#include "firmware/base/json.h"
#include "provisioning/evidence/signed_pack.h"
#include "web-admin/server/settings.h"
#include "web-admin/server/workshop.h"

namespace privyseal::web {

struct PackOrder {
  evidence::DateRange range;
  Actor who;
  JsonObject accounts;  ///< the console's users, as its own door tells them
  evidence::Declarations declarations;
};

class Packer final : public Workshop<PackOrder, evidence::SignedPack> {
 public:
  Packer(const Settings& settings, const Clock& clock,
         std::chrono::seconds wait = evidence::kWaitForCheckpoint);
};

}  // namespace privyseal::web
