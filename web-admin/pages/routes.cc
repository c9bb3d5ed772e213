#include "web-admin/pages/routes.h"

#include <algorithm>
#include <array>

#include "web-admin/pages/assets.h"
#include "web-admin/pages/audit.h"
#include "web-admin/pages/audit_pack.h"
#include "web-admin/pages/certificates.h"
#include "web-admin/pages/claim.h"
#include "web-admin/pages/dashboard.h"
#include "web-admin/pages/declarations.h"
#include "web-admin/pages/destruction.h"
#include "web-admin/pages/destructions.h"
#include "web-admin/pages/directory.h"
#include "web-admin/pages/holds.h"
#include "web-admin/pages/keys.h"
#include "web-admin/pages/ledger.h"
#include "web-admin/pages/line.h"
#include "web-admin/pages/line_end.h"
#include "web-admin/pages/mail.h"
#include "web-admin/pages/metrics.h"
#include "web-admin/pages/own_ca.h"
#include "web-admin/pages/partners.h"
#include "web-admin/pages/revocations.h"
#include "web-admin/pages/rules.h"
#include "web-admin/pages/sign_in.h"
#include "web-admin/pages/users.h"

namespace privyseal::web {
namespace {

using enum Access;

constexpr std::array kRoutes{
    Route{Method::kGet, "/", kSignedIn, dashboard_page},
    Route{Method::kGet, "/metrics", kSignedIn, metrics_file},
    Route{Method::kGet, "/mail", kSignedIn, mail_page},
    Route{Method::kGet, "/mail/{}", kSignedIn, mail_track_page},
    Route{Method::kGet, "/partners", kSignedIn, partners_page},
    Route{Method::kGet, "/directory", kSignedIn, directory_page},
    Route{Method::kGet, "/directory/{}", kSignedIn, directory_file},
    Route{Method::kGet, "/ledger", kSignedIn, ledger_page},
    Route{Method::kPost, "/ledger", kSignedIn, ledger_export},
    Route{Method::kGet, "/ledger/{}", kSignedIn, ledger_file},
    Route{Method::kGet, "/holds", kSignedIn, holds_page},
    Route{Method::kPost, "/holds", kOfficer, hold_add},
    Route{Method::kPost, "/holds/end", kOfficer, hold_end},
    Route{Method::kGet, "/line", kSignedIn, line_page},
    Route{Method::kPost, "/line/release", kOperator, sender_release},
    Route{Method::kPost, "/line", kOfficer, line_switch},
    Route{Method::kGet, "/line/end", kOfficer, line_end_page},
    Route{Method::kPost, "/line/end", kOfficer, line_end},
    Route{Method::kGet, "/rules", kSignedIn, rules_page},
    Route{Method::kPost, "/rules", kOfficer, rules_bring},
    Route{Method::kPost, "/rules/part", kOfficer, rules_part},
    Route{Method::kPost, "/rules/remove", kOfficer, rules_remove},
    Route{Method::kGet, "/certificates", kSignedIn, certificates_page},
    Route{Method::kGet, "/certificates/{}", kSignedIn, certificate_page},
    Route{Method::kGet, "/certificates/{}/csr", kSignedIn, certificate_csr},
    Route{Method::kPost, "/certificates/{}/request", kOperator, certificate_request},
    Route{Method::kPost, "/certificates/{}/import", kOperator, certificate_import},
    Route{Method::kPost, "/certificates/{}/activate", kOperator, certificate_activate},
    Route{Method::kPost, "/certificates/{}/rollback", kOperator, certificate_roll_back},
    Route{Method::kPost, "/certificates/{}/renew", kOperator, certificate_renew},
    Route{Method::kGet, "/revocations", kSignedIn, revocations_page},
    Route{Method::kPost, "/revocations", kOperator, revocations_take},
    Route{Method::kGet, "/keys", kSignedIn, keys_page},
    Route{Method::kGet, "/destructions", kSignedIn, destructions_page},
    Route{Method::kPost, "/destructions", kOfficer, destruction_ask},
    Route{Method::kGet, "/destructions/{}", kSignedIn, destruction_page},
    Route{Method::kPost, "/destructions/{}/options", kOperator, destruction_options},
    Route{Method::kPost, "/destructions/{}/finish", kOperator, destruction_finish},
    Route{Method::kPost, "/destructions/{}/carry-out", kOperator, destruction_carry_out},
    Route{Method::kGet, "/audit", kSignedIn, audit_page},
    Route{Method::kGet, "/audit/{}", kSignedIn, audit_log_page},
    Route{Method::kGet, "/audit/{}/verify", kSignedIn, audit_verify_page},
    Route{Method::kGet, "/audit-pack", kSignedIn, audit_pack_page},
    Route{Method::kPost, "/audit-pack", kSignedIn, audit_pack_make},
    Route{Method::kGet, "/audit-pack/{}", kSignedIn, audit_pack_file},
    Route{Method::kGet, "/declarations", kSignedIn, declarations_page},
    Route{Method::kGet, "/declarations/{}", kSignedIn, declaration_page},
    Route{Method::kPost, "/declarations/{}", kOfficer, declaration_make},
    Route{Method::kGet, "/users", kSignedIn, users_page},
    Route{Method::kPost, "/users/invite", kOfficer, user_invite},
    Route{Method::kPost, "/users/{}/end", kOfficer, user_end},
    Route{Method::kGet, "/sign-in", kAnyone, sign_in_page},
    Route{Method::kPost, "/sign-in/options", kAnyone, sign_in_options},
    Route{Method::kPost, "/sign-in/finish", kAnyone, sign_in_finish},
    Route{Method::kPost, "/sign-out", kSignedIn, sign_out},
    Route{Method::kGet, "/claim", kAnyone, claim_page},
    Route{Method::kPost, "/claim", kAnyone, claim_code},
    Route{Method::kPost, "/claim/options", kAnyone, claim_options},
    Route{Method::kPost, "/claim/finish", kAnyone, claim_finish},
    Route{Method::kGet, "/own-ca.pem", kAnyone, own_ca_file},
    Route{Method::kGet, "/assets/console.css", kAnyone, console_css},
    Route{Method::kGet, "/assets/console.js", kAnyone, console_js},
    Route{Method::kGet, "/assets/icon.svg", kAnyone, icon_svg},
};

// An auditor changes nothing: the forms that he may send end his own session, and have copied for him what he
// may read.
static_assert(std::ranges::all_of(kRoutes, [](const Route& route) {
  return route.method == Method::kGet || route.access != kSignedIn || route.pattern == "/sign-out" ||
         route.pattern == "/audit-pack" || route.pattern == "/ledger";
}));

// What mail is judged by, what the organisation declares, and the line's end are an officer's matters.
static_assert(std::ranges::all_of(kRoutes, [](const Route& route) {
  return route.method == Method::kGet ||
         !(route.pattern.starts_with("/rules") || route.pattern.starts_with("/declarations")) ||
         route.access == kOfficer;
}));
static_assert(std::ranges::all_of(kRoutes, [](const Route& route) {
  return route.pattern != "/line/end" || route.access == kOfficer;
}));

}  // namespace

std::span<const Route> routes() { return kRoutes; }

}  // namespace privyseal::web
