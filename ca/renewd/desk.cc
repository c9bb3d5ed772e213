#include "ca/renewd/desk.h"

#include <algorithm>
#include <array>
#include <limits>

#include "ca/renewd/view.h"
#include "firmware/base/audit/door_operations.h"

namespace privyseal::renewd {
namespace {

constexpr std::int64_t kMaxIssuedRows = 100;

constexpr std::array kGrants{
    DoorGrant{"console", "status"},
    DoorGrant{"console", "cert-list"},
    DoorGrant{"console", "cert-csr"},
    DoorGrant{"console", "cert-request"},
    DoorGrant{"console", "cert-import"},
    DoorGrant{"console", "cert-activate"},
    DoorGrant{"console", "cert-rollback"},
    DoorGrant{"console", "cert-renew"},
    DoorGrant{"console", "issue-list"},
    DoorGrant{"console", "crl"},
    DoorGrant{"console", "audit-entries"},
    DoorGrant{"console", "audit-checkpoint"},
    DoorGrant{"console", "audit-verify"},

    DoorGrant{"provisioning", "status"},
    DoorGrant{"provisioning", "cert-list"},
    DoorGrant{"provisioning", "cert-csr"},
    DoorGrant{"provisioning", "cert-request"},
    DoorGrant{"provisioning", "cert-import"},
    DoorGrant{"provisioning", "cert-activate"},
    DoorGrant{"provisioning", "cert-rollback"},
    DoorGrant{"provisioning", "cert-renew"},
    DoorGrant{"provisioning", "issue-list"},
    DoorGrant{"provisioning", "ca"},
    DoorGrant{"provisioning", "crl"},
    DoorGrant{"provisioning", "issue"},
    DoorGrant{"provisioning", "audit-entries"},
    DoorGrant{"provisioning", "audit-checkpoint"},
    DoorGrant{"provisioning", "audit-verify"},
};

// The console is reached from the network: whoever takes it over must not make certificates of his own.
static_assert(std::ranges::none_of(kGrants, [](const DoorGrant& grant) {
  return grant.caller == "console" && grant.operation == "issue";
}));

}  // namespace

std::span<const DoorGrant> grants() { return kGrants; }

Desk::Desk(Services& services, std::span<const std::unique_ptr<Renewal>> renewals, audit::Signer& signer)
    : services_(services), renewals_(renewals), signer_(signer), since_(services.clock.now()) {}

Result<JsonObject> Desk::answer(const DoorRequest& request) {
  static constexpr std::array kTable{
      Row{"status", &Desk::status},
      Row{"cert-list", &Desk::list},
      Row{"cert-csr", &Desk::csr},
      Row{"cert-request", &Desk::request_certificate},
      Row{"cert-import", &Desk::import},
      Row{"cert-activate", &Desk::activate},
      Row{"cert-rollback", &Desk::roll_back},
      Row{"cert-renew", &Desk::renew},
      Row{"issue", &Desk::issue},
      Row{"issue-list", &Desk::issue_list},
      Row{"ca", &Desk::own_ca},
      Row{"crl", &Desk::crl},
      Row{"audit-entries", &Desk::audit},
      Row{"audit-checkpoint", &Desk::audit},
      Row{"audit-verify", &Desk::audit},
  };
  const auto* row = std::ranges::find(kTable, request.operation, &Row::name);
  if (row == kTable.end()) return fail(ErrorCode::kInvalid, "there is no operation " + request.operation);
  return (this->*row->operation)(request);
}

Result<Renewal*> Desk::renewal_of(const DoorRequest& request) const {
  const auto name = json_text(request.body, "identity");
  if (!name) return std::unexpected(name.error());
  for (const auto& renewal : renewals_)
    if (renewal->settings().name == *name) return renewal.get();
  return fail(ErrorCode::kNotFound, "there is no identity '" + *name + "' here");
}

Result<JsonObject> Desk::view_of(const Renewal& renewal) const {
  const auto identity = renewal.identity();
  if (!identity) return std::unexpected(identity.error());
  const auto alarm = renewal.alarm();
  if (!alarm) return std::unexpected(alarm.error());
  return identity_json(renewal.settings().name, *identity, *alarm, services_.clock.now());
}

Result<JsonObject> Desk::status(const DoorRequest& /*request*/) {
  JsonArray identities;
  for (const auto& renewal : renewals_) {
    auto view = view_of(*renewal);
    if (!view) return std::unexpected(view.error());
    identities.emplace_back(JsonObject{{"name", (*view)["name"]},
                                       {"issuer", (*view)["issuer"]},
                                       {"alarm", (*view)["alarm"]},
                                       {"next", (*view)["next"]}});
  }
  const auto size = services_.store.log().size();
  const auto root = services_.store.log().root();
  if (!size) return std::unexpected(size.error());
  if (!root) return std::unexpected(root.error());
  return JsonObject{{"state", "running"},
                    {"since", to_rfc3339(since_)},
                    {"identities", std::move(identities)},
                    {"audit", JsonObject{{"size", *size}, {"root", to_hex(*root)}}}};
}

Result<JsonObject> Desk::list(const DoorRequest& /*request*/) {
  JsonArray identities;
  for (const auto& renewal : renewals_) {
    auto view = view_of(*renewal);
    if (!view) return std::unexpected(view.error());
    identities.emplace_back(std::move(*view));
  }
  return JsonObject{{"identities", std::move(identities)}};
}

Result<JsonObject> Desk::csr(const DoorRequest& request) {
  const auto renewal = renewal_of(request);
  if (!renewal) return std::unexpected(renewal.error());
  const auto identity = (*renewal)->identity();
  if (!identity) return std::unexpected(identity.error());
  const ca::Generation* candidate = ca::unfinished_of(*identity);
  if (candidate == nullptr || candidate->csr.empty())
    return fail(ErrorCode::kNotFound,
                (*renewal)->settings().name + ": no request is open; ask for a certificate request first");
  return JsonObject{{"generation", candidate->number}, {"key", candidate->key}, {"csr", candidate->csr}};
}

Result<JsonObject> Desk::request_certificate(const DoorRequest& request) {
  const auto renewal = renewal_of(request);
  if (!renewal) return std::unexpected(renewal.error());
  constexpr auto kMost = std::numeric_limits<std::int64_t>::max();
  const auto instead_of = json_number(request.body, "instead_of", 0, 0, kMost);
  if (!instead_of) return std::unexpected(instead_of.error());
  const auto generation =
      (*renewal)->request(*instead_of > 0 ? std::optional(*instead_of) : std::nullopt, request.actor);
  if (!generation) return std::unexpected(generation.error());
  JsonObject json = generation_json(*generation);
  json["csr"] = generation->csr;
  return json;
}

Result<JsonObject> Desk::import(const DoorRequest& request) {
  const auto renewal = renewal_of(request);
  if (!renewal) return std::unexpected(renewal.error());
  const auto pem = json_text(request.body, "pem");
  if (!pem) return std::unexpected(pem.error());
  const auto generation = (*renewal)->import(*pem, request.actor);
  if (!generation) return std::unexpected(generation.error());
  return generation_json(*generation);
}

namespace {

Result<JsonObject> identity_answer(Result<JsonObject> view) {
  if (!view) return view;
  return JsonObject{{"identity", std::move(*view)}};
}

}  // namespace

Result<JsonObject> Desk::activate(const DoorRequest& request) {
  const auto renewal = renewal_of(request);
  if (!renewal) return std::unexpected(renewal.error());
  if (auto done = (*renewal)->activate(request.actor); !done) return std::unexpected(done.error());
  return identity_answer(view_of(**renewal));
}

Result<JsonObject> Desk::roll_back(const DoorRequest& request) {
  const auto renewal = renewal_of(request);
  if (!renewal) return std::unexpected(renewal.error());
  if (auto done = (*renewal)->roll_back(request.actor); !done) return std::unexpected(done.error());
  return identity_answer(view_of(**renewal));
}

Result<JsonObject> Desk::renew(const DoorRequest& request) {
  const auto renewal = renewal_of(request);
  if (!renewal) return std::unexpected(renewal.error());
  if (auto done = (*renewal)->renew(request.actor); !done) return std::unexpected(done.error());
  return identity_answer(view_of(**renewal));
}

Result<Issuing*> Desk::issuing() const {
  if (services_.issuing) return services_.issuing.get();
  return fail(ErrorCode::kNotFound, "this appliance has no authority of its own configured");
}

Result<JsonObject> Desk::issue(const DoorRequest& request) {
  const auto profile = json_text(request.body, "profile");
  if (!profile) return std::unexpected(profile.error());
  const auto csr = json_text(request.body, "csr");
  if (!csr) return std::unexpected(csr.error());
  const auto authority = issuing();
  if (!authority) return std::unexpected(authority.error());
  const auto certificate = (*authority)->issue(*profile, *csr, request.actor.name);
  if (!certificate) return std::unexpected(certificate.error());
  const auto root = (*authority)->root();
  if (!root) return std::unexpected(root.error());
  return JsonObject{
      {"certificate", to_pem(*certificate)}, {"chain", to_pem(*root)}, {"serial", certificate->serial}};
}

Result<JsonObject> Desk::issue_list(const DoorRequest& request) {
  const auto after = json_number(request.body, "after", 0, 0, std::numeric_limits<std::int64_t>::max());
  if (!after) return std::unexpected(after.error());
  const auto limit = json_number(request.body, "limit", kMaxIssuedRows, 1, kMaxIssuedRows);
  if (!limit) return std::unexpected(limit.error());
  const auto authority = issuing();
  if (!authority) return std::unexpected(authority.error());
  const auto rows = (*authority)->list(*after, static_cast<std::size_t>(*limit));
  if (!rows) return std::unexpected(rows.error());
  JsonArray certificates;
  for (const auto& row : *rows) certificates.emplace_back(issued_json(row));
  return JsonObject{{"certificates", std::move(certificates)}};
}

Result<JsonObject> Desk::own_ca(const DoorRequest& /*request*/) {
  const auto authority = issuing();
  if (!authority) return std::unexpected(authority.error());
  const auto root = (*authority)->root();
  if (!root) return std::unexpected(root.error());
  return JsonObject{{"certificate", to_pem(*root)},
                    {"subject", root->subject},
                    {"not_after", to_rfc3339(root->not_after)},
                    {"fingerprint", root->fingerprint}};
}

Result<JsonObject> Desk::crl(const DoorRequest& /*request*/) {
  const auto authority = issuing();
  if (!authority) return std::unexpected(authority.error());
  const auto pem = (*authority)->crl();
  if (!pem) return std::unexpected(pem.error());
  return JsonObject{{"pem", *pem}};
}

Result<JsonObject> Desk::audit(const DoorRequest& request) {
  // Without the key the signatures cannot be checked, but everything else can.
  const auto key = signer_.public_key();
  return audit::answer_door(request.operation, request.body, services_.store.log(), key ? *key : Bytes());
}

}  // namespace privyseal::renewd
