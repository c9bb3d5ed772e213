#include "hsm/keyd/intent.h"

#include "hsm/key_kind.h"
#include "hsm/keyd/certificate.h"
#include "hsm/keyd/checkpoint.h"
#include "hsm/keyd/crl.h"
#include "hsm/keyd/csr.h"
#include "hsm/keyd/ocsp.h"

namespace privyseal::keyd {
namespace {

audit::Entry entry_of(const Permit& permit, std::string_view key_name) {
  return {.actor = std::string(to_string(permit.peer().caller)),
          .role = role_of(permit.peer().caller),
          .source = source_of(permit.peer()),
          .action = std::string(to_string(permit.operation())),
          .object = "key/" + std::string(key_name),
          .params_hash = {},
          .outcome = "granted",
          .why = {}};
}

Intent signing(const Permit& permit, ByteView to_sign, std::string why) {
  Intent intent{.to_sign = to_sign, .entry = entry_of(permit, permit.key()->name()), .checkpoint = {}};
  intent.entry.params_hash = to_hex(sha256(to_sign));
  intent.entry.why = std::move(why);
  return intent;
}

struct Checks {
  const Permit& permit;

  Result<Intent> operator()(const hsm::SignCsrRequest& asked) const {
    const auto checked = check_request_info(asked.request_info, permit.key()->public_key().spki());
    if (!checked) return std::unexpected(checked.error());
    return signing(permit, asked.request_info, {});
  }
  Result<Intent> operator()(const hsm::SignCertificateRequest& asked) const {
    const PublicKey& ca = permit.key()->public_key();
    const auto facts = check_tbs_certificate(asked.tbs_certificate, ca.type(), ca.spki());
    if (!facts) return std::unexpected(facts.error());
    return signing(permit, asked.tbs_certificate,
                   (facts->kind == CertificateKind::kOwnRoot ? "root, serial " : "serial ") + facts->serial);
  }
  Result<Intent> operator()(const hsm::SignCrlRequest& asked) const {
    const auto facts = check_tbs_cert_list(asked.tbs_cert_list, permit.key()->public_key().type());
    if (!facts) return std::unexpected(facts.error());
    return signing(permit, asked.tbs_cert_list,
                   "number " + facts->number + ", entries " + std::to_string(facts->entries));
  }
  Result<Intent> operator()(const hsm::SignOcspRequest& asked) const {
    const PublicKey& ca = permit.key()->public_key();
    const auto facts = check_response_data(asked.response_data, ca.type(), ca.spki());
    if (!facts) return std::unexpected(facts.error());
    return signing(permit, asked.response_data,
                   "certificates " + std::to_string(facts->certificates) + ", revoked " +
                       std::to_string(facts->revoked));
  }
  Result<Intent> operator()(const hsm::SignCheckpointRequest& asked) const {
    auto checkpoint = check_checkpoint(asked.text);
    if (!checkpoint) return std::unexpected(checkpoint.error());
    if (!may_sign_log_of(permit.peer().caller, log_name_of(checkpoint->origin)->daemon))
      return fail(ErrorCode::kDenied, "checkpoint: it is of a log of somebody else");
    return Intent{.to_sign = bytes_of(asked.text), .entry = {}, .checkpoint = std::move(*checkpoint)};
  }
  Result<Intent> operator()(const hsm::GenerateRequest& asked) const {
    if (!may_be(asked.role, asked.type))
      return fail(ErrorCode::kInvalid,
                  "a key for that is not to be " + std::string(hsm::kind_of(asked.type).words));
    Intent intent{.to_sign = {}, .entry = entry_of(permit, asked.name), .checkpoint = {}};
    intent.entry.why = std::string(to_string(asked.role)) + ", " + std::string(hsm::kind_of(asked.type).name);
    return intent;
  }
  Result<Intent> operator()(const hsm::RetireRequest& asked) const {
    return Intent{.to_sign = {}, .entry = entry_of(permit, asked.name), .checkpoint = {}};
  }
  /// Whether it is approved, Desk asks.
  Result<Intent> operator()(const hsm::DestroyRequest& asked) const {
    Intent intent{.to_sign = {}, .entry = entry_of(permit, asked.name), .checkpoint = {}};
    intent.entry.params_hash = to_hex(sha256(bytes_of(asked.text)));
    intent.entry.why = "approved by " + asked.approvals[0].person + " and " + asked.approvals[1].person;
    return intent;
  }
  Result<Intent> operator()(const auto&) const { return Intent{}; }
};

}  // namespace

Result<Intent> intent_of(const Permit& permit, const hsm::Request& request) {
  return std::visit(Checks{permit}, request.body);
}

std::string role_of(Caller caller) { return caller == Caller::kProvisioning ? "tool" : "daemon"; }
std::string source_of(const Peer& peer) { return "uid " + std::to_string(peer.uid); }

}  // namespace privyseal::keyd
