#include "hsm/keyd/desk.h"

#include <algorithm>
#include <concepts>

#include "firmware/base/check.h"
#include "firmware/base/log.h"
#include "hsm/keyd/csr.h"
#include "hsm/keyd/tls13.h"

namespace privyseal::keyd {
namespace {

using AnswerBody = decltype(hsm::Answer::body);

template <class... Cases>
struct Overloaded : Cases... {
  using Cases::operator()...;
};

/// What a request asks for; nothing when it asks to sign what nobody may sign.
std::optional<Operation> operation_of(const hsm::Request& request) {
  using Asked = std::optional<Operation>;
  return std::visit(
      Overloaded{
          [](const hsm::HealthRequest&) -> Asked { return Operation::kHealth; },
          [](const hsm::ListKeysRequest&) -> Asked { return Operation::kListKeys; },
          [](const hsm::CountUsesRequest&) -> Asked { return Operation::kCountUses; },
          [](const hsm::FindKeyRequest&) -> Asked { return Operation::kFindKey; },
          [](const hsm::SignCsrRequest&) -> Asked { return Operation::kSignCsr; },
          [](const hsm::GenerateRequest&) -> Asked { return Operation::kGenerate; },
          [](const hsm::SignCheckpointRequest&) -> Asked { return Operation::kSignCheckpoint; },
          [](const hsm::SignCertificateRequest&) -> Asked { return Operation::kSignCertificate; },
          [](const hsm::SignCrlRequest&) -> Asked { return Operation::kSignCrl; },
          [](const hsm::RetireRequest&) -> Asked { return Operation::kRetire; },
          [](const hsm::ReadAuditRequest&) -> Asked { return Operation::kReadAudit; },
          [](const hsm::ReadAuditCheckpointRequest&) -> Asked { return Operation::kReadAudit; },
          [](const hsm::SignTls13Request& asked) -> Asked {
            const auto side = certificate_verify_side(asked.message);
            if (!side) return std::nullopt;
            return *side == Tls13Side::kClient ? Operation::kSignTls13Client : Operation::kSignTls13Server;
          },
      },
      request.body);
}

std::string_view key_name_of(const hsm::Request& request) {
  return std::visit(
      [](const auto& body) -> std::string_view {
        if constexpr (requires { body.name; }) return body.name;
        return {};
      },
      request.body);
}

bool is_signing(const hsm::Request& request) {
  return std::visit(
      []<class Body>(const Body&) {
        return std::same_as<Body, hsm::SignTls13Request> || std::same_as<Body, hsm::SignCsrRequest> ||
               std::same_as<Body, hsm::SignCheckpointRequest> ||
               std::same_as<Body, hsm::SignCertificateRequest> || std::same_as<Body, hsm::SignCrlRequest>;
      },
      request.body);
}

std::unexpected<Error> refuse(const Peer& peer, const hsm::Request& request, const KeyRef& key,
                              std::string_view asked, std::string_view why) {
  if (key) ++key->refusals;
  log_event(LogLevel::kWarning, is_signing(request) ? "signature-refused" : "request-refused",
            {{"caller", to_string(peer.caller)},
             {"pid", peer.pid},
             {"asked", asked},
             {"key", key_name_of(request)},
             {"why", why}});
  return fail(ErrorCode::kDenied, "keyd refuses: " + std::string(why));
}

bool may_with_some_key(Caller caller, Operation operation) {
  return std::ranges::any_of(
      kGrants, [&](const Grant& grant) { return grant.caller == caller && grant.operation == operation; });
}

AnswerBody error_of(const Error& error) {
  return hsm::ErrorAnswer{.code = error.code, .message = error.message};
}

AnswerBody health(WorkSession& work) {
  const auto session = work.get();
  const auto logged_in = session ? (*session)->is_logged_in() : std::unexpected(session.error());
  if (!logged_in) work.discard();
  return hsm::HealthAnswer{.ready = logged_in.value_or(false)};
}

AnswerBody list(KeyStore& keys) {
  hsm::KeysAnswer answer;
  for (const KeyRef& key : keys.all()) answer.keys.push_back(key->info());
  return answer;
}

AnswerBody count(KeyStore& keys) {
  hsm::UsesAnswer answer;
  for (const KeyRef& key : keys.all()) answer.uses.push_back(key->uses());
  return answer;
}

AnswerBody signature(const KeyRef& key, WorkSession& work, ByteView message,
                     std::atomic<std::uint64_t>& uses) {
  auto made = key->sign(work, message);
  if (!made) {
    log_event(LogLevel::kError, "signature-failed", {{"key", key->name()}, {"why", made.error().message}});
    return error_of(made.error());
  }
  ++uses;
  return hsm::SignatureAnswer{.signature = std::move(*made)};
}

AnswerBody csr_signature(const Permit& permit, const hsm::Request& request, WorkSession& work) {
  const ByteView info = std::get<hsm::SignCsrRequest>(request.body).request_info;
  const KeyRef& key = permit.key();
  if (auto checked = check_request_info(info, key->public_key().spki()); !checked)
    return error_of(
        refuse(permit.peer(), request, key, to_string(permit.operation()), checked.error().message).error());
  log_event(LogLevel::kNotice, "csr-signed", {{"key", key->name()}, {"pid", permit.peer().pid}});
  return signature(key, work, info, key->csr_uses);
}

AnswerBody generate(KeyStore& keys, const Permit& permit, const hsm::GenerateRequest& asked,
                    WorkSession& work) {
  const auto made = keys.generate(work, {.role = asked.role, .name = asked.name}, asked.type);
  if (!made) {
    log_event(LogLevel::kError, "key-not-made", {{"key", asked.name}, {"why", made.error().message}});
    return error_of(made.error());
  }
  log_event(LogLevel::kNotice, "key-made",
            {{"key", asked.name}, {"role", to_string(asked.role)}, {"pid", permit.peer().pid}});
  return hsm::KeysAnswer{.keys = {(*made)->info()}};
}

}  // namespace

Result<Permit> Desk::admit(const Peer& peer, const hsm::Request& request) {
  const KeyRef key = keys_.find(key_name_of(request));
  const auto operation = operation_of(request);
  if (!operation) return refuse(peer, request, key, "sign-tls13", "it is no TLS 1.3 CertificateVerify input");
  std::optional<KeyRole> role;
  if (const auto* asked = std::get_if<hsm::GenerateRequest>(&request.body))
    role = asked->role;
  else if (key)
    role = key->role();
  if (may(peer.caller, *operation, role)) return Permit(*operation, peer, key);
  if (!role && !key_name_of(request).empty() && may_with_some_key(peer.caller, *operation))
    return fail(ErrorCode::kNotFound, "there is no such key");
  return refuse(peer, request, key, to_string(*operation), "this caller may not do that");
}

hsm::Answer Desk::perform(const Permit& permit, const hsm::Request& request, WorkSession& work) {
  const KeyRef& key = permit.key();
  const auto body = std::visit(
      Overloaded{
          [&](const hsm::HealthRequest&) { return health(work); },
          [&](const hsm::ListKeysRequest&) { return list(keys_); },
          [&](const hsm::CountUsesRequest&) { return count(keys_); },
          [&](const hsm::FindKeyRequest&) -> AnswerBody { return hsm::KeysAnswer{.keys = {key->info()}}; },
          [&](const hsm::SignCsrRequest&) { return csr_signature(permit, request, work); },
          [&](const hsm::GenerateRequest& asked) { return generate(keys_, permit, asked, work); },
          [&](const auto&) -> AnswerBody {
            return hsm::ErrorAnswer{.code = ErrorCode::kUnavailable, .message = "keyd cannot do that"};
          },
          [&](const hsm::SignTls13Request& asked) {
            auto& uses = permit.operation() == Operation::kSignTls13Client ? key->tls_client_uses
                                                                           : key->tls_server_uses;
            return signature(key, work, asked.message, uses);
          },
      },
      request.body);
  return {.id = request.id, .body = body};
}

}  // namespace privyseal::keyd
