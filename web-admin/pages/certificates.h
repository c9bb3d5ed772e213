/// The certificates: who we are to whom, until when, and the steps to the next one.
#pragma once

#include "web-admin/server/visit.h"

namespace privyseal::web {

[[nodiscard]] Response certificates_page(Visit& visit);
[[nodiscard]] Response certificate_page(Visit& visit);
[[nodiscard]] Response certificate_csr(Visit& visit);
[[nodiscard]] Response certificate_request(Visit& visit);
[[nodiscard]] Response certificate_import(Visit& visit);
[[nodiscard]] Response certificate_activate(Visit& visit);
[[nodiscard]] Response certificate_roll_back(Visit& visit);
[[nodiscard]] Response certificate_renew(Visit& visit);

}  // namespace privyseal::web
