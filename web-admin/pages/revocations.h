/// The lists of revoked certificates (CRL) of CJSM's authority: which are in use, and how a person brings a
/// newer one. The appliance fetches none, because it asks nobody on the Internet but the relay.
///
/// Authorities publish their lists in DER. The page's script makes PEM of that; without it PEM can be sent.
#pragma once

#include "web-admin/server/visit.h"

namespace privyseal::web {

[[nodiscard]] Response revocations_page(Visit& visit);
[[nodiscard]] Response revocations_take(Visit& visit);

/// A list as gatewayd's status has it. It counts after its date as well: one that nobody renewed must not
/// stop all mail.
[[nodiscard]] bool is_out_of_date(const JsonObject& list, WallTime now);

/// To that page, for others.
[[nodiscard]] Html revocations_link();

}  // namespace privyseal::web
