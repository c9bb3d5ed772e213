#include "hsm/keyd/desk.h"

#include <algorithm>
#include <concepts>

#include "firmware/base/check.h"
#include "firmware/base/cpu_crypto.h"
#include "firmware/base/log.h"
#include "hsm/keyd/tls12.h"
#include "hsm/keyd/tls13.h"

namespace privyseal::keyd {
namespace {

template <class... Cases>
struct Overloaded : Cases... {
  using Cases::operator()...;
};

/// What a request asks for; nothing when it asks to sign what nobody may sign.
struct AskedOperation {
  using Asked = std::optional<Operation>;
  Asked operator()(const hsm::HealthRequest&) const { return Operation::kHealth; }
  Asked operator()(const hsm::ListKeysRequest&) const { return Operation::kListKeys; }
  Asked operator()(const hsm::ListRetiredKeysRequest&) const { return Operation::kListKeys; }
  Asked operator()(const hsm::CountUsesRequest&) const { return Operation::kCountUses; }
  Asked operator()(const hsm::FindKeyRequest&) const { return Operation::kFindKey; }
  Asked operator()(const hsm::FindKeyByIdRequest&) const { return Operation::kFindKey; }
  Asked operator()(const hsm::SignCsrRequest&) const { return Operation::kSignCsr; }
  Asked operator()(const hsm::GenerateRequest&) const { return Operation::kGenerate; }
  Asked operator()(const hsm::SignCheckpointRequest&) const { return Operation::kSignCheckpoint; }
  Asked operator()(const hsm::SignCertificateRequest&) const { return Operation::kSignCertificate; }
  Asked operator()(const hsm::SignCrlRequest&) const { return Operation::kSignCrl; }
  Asked operator()(const hsm::SignOcspRequest&) const { return Operation::kSignOcsp; }
  Asked operator()(const hsm::RetireRequest&) const { return Operation::kRetire; }
  Asked operator()(const hsm::DestroyRequest&) const { return Operation::kDestroy; }
  Asked operator()(const hsm::ReadAuditRequest&) const { return Operation::kReadAudit; }
  Asked operator()(const hsm::ReadAuditCheckpointRequest&) const { return Operation::kReadAudit; }
  Asked operator()(const hsm::SignTls13Request& asked) const {
    const auto side = certificate_verify_side(asked.message);
    if (!side) return std::nullopt;
    return *side == Tls13Side::kClient ? Operation::kSignTls13Client : Operation::kSignTls13Server;
  }
  Asked operator()(const hsm::SignTls12Request& asked) const {
    if (!is_server_key_exchange(asked.message)) return std::nullopt;
    return Operation::kSignTls12Server;
  }
};

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
               std::same_as<Body, hsm::SignCertificateRequest> || std::same_as<Body, hsm::SignCrlRequest> ||
               std::same_as<Body, hsm::SignOcspRequest> || std::same_as<Body, hsm::SignTls12Request>;
      },
      request.body);
}

bool is_tls(Operation operation) {
  return operation == Operation::kSignTls13Client || operation == Operation::kSignTls13Server ||
         operation == Operation::kSignTls12Server;
}

bool may_with_some_key(Caller caller, Operation operation) {
  return std::ranges::any_of(
      kGrants, [&](const Grant& grant) { return grant.caller == caller && grant.operation == operation; });
}

auto error_of(const Error& error) { return hsm::ErrorAnswer{.code = error.code, .message = error.message}; }

hsm::ErrorAnswer not_recorded(const Intent& intent, const Error& why) {
  log_event(
      LogLevel::kAlert, "act-not-recorded",
      {{"act", intent.entry.action.empty() ? "sign-checkpoint" : intent.entry.action}, {"why", why.message}});
  return {.code = ErrorCode::kUnavailable, .message = "keyd cannot write this down, so it is not done"};
}

bool can_sign(WorkSession& work) {
  return work.use([](const pkcs11::Session& session) { return session.is_logged_in(); }).value_or(false);
}

hsm::KeysAnswer list(KeyStore& keys) {
  hsm::KeysAnswer answer;
  for (const KeyRef& key : keys.all()) answer.keys.push_back(key->info());
  return answer;
}

hsm::UsesAnswer count(KeyStore& keys) {
  hsm::UsesAnswer answer;
  for (const KeyRef& key : keys.all()) answer.uses.push_back(key->uses());
  return answer;
}

KeyRef find_by_id(KeyStore& keys, ByteView id) {
  const auto all = keys.all();
  const auto found =
      std::ranges::find_if(all, [&](const KeyRef& key) { return std::ranges::equal(key->id(), id); });
  return found == all.end() ? nullptr : *found;
}

std::atomic<std::uint64_t>& uses_of(Key& key, Operation operation) {
  switch (operation) {
    case Operation::kSignTls13Client:
      return key.tls_client_uses;
    case Operation::kSignTls13Server:
      return key.tls_server_uses;
    case Operation::kSignCsr:
      return key.csr_uses;
    case Operation::kSignCertificate:
      return key.certificate_uses;
    case Operation::kSignCrl:
      return key.crl_uses;
    case Operation::kSignCheckpoint:
      return key.checkpoint_uses;
    case Operation::kSignOcsp:
      return key.ocsp_uses;
    case Operation::kSignTls12Server:
      return key.tls12_server_uses;
    default:
      CHECK(false);
  }
}

Result<Bytes> sign_and_count(const Permit& permit, Scheme scheme, ByteView message, WorkSession& work) {
  const KeyRef& key = permit.key();
  auto made = key->sign(work, scheme, message);
  if (made)
    ++uses_of(*key, permit.operation());
  else
    log_event(LogLevel::kError, "signature-failed", {{"key", key->name()}, {"why", made.error().message}});
  return made;
}

}  // namespace

Result<Permit> Desk::admit(const Peer& peer, const hsm::Request& request) {
  const std::string_view name = key_name_of(request);
  const auto* by_id = std::get_if<hsm::FindKeyByIdRequest>(&request.body);
  const KeyRef key = by_id != nullptr ? find_by_id(keys_, by_id->id) : keys_.find(name);
  const auto operation = std::visit(AskedOperation{}, request.body);
  const auto denied = [](std::string why) { return Error{ErrorCode::kDenied, std::move(why)}; };
  if (!operation)
    return std::holds_alternative<hsm::SignTls13Request>(request.body)
               ? refuse(peer, request, key, "sign-tls13", denied("it is no TLS 1.3 CertificateVerify input"))
               : refuse(peer, request, key, "sign-tls12", denied("it is no TLS 1.2 ServerKeyExchange input"));
  std::optional<KeyRole> role;
  if (const auto* asked = std::get_if<hsm::GenerateRequest>(&request.body))
    role = asked->role;
  else if (key)
    role = key->role();
  else if (*operation == Operation::kRetire || *operation == Operation::kDestroy)
    role = keys_.retired_role(name);  // to retire twice is no error
  if (may(peer.caller, *operation, role)) {
    if (key && *operation == Operation::kDestroy)
      return refuse(peer, request, key, to_string(*operation),
                    denied("a key is destroyed only once it is retired"));
    if (key && *operation == Operation::kSignTls12Server && !is_excepted(*key))
      return refuse(peer, request, key, to_string(*operation),
                    denied("TLS 1.2 is not excepted for keys of this role"));
    if (key && is_tls(*operation) && is_too_often(*key)) return refuse_for_now(peer, key, *operation);
    return Permit(*operation, peer, key);
  }
  if (!role && (!name.empty() || by_id != nullptr) && may_with_some_key(peer.caller, *operation))
    return fail(ErrorCode::kNotFound, "there is no such key");
  return refuse(peer, request, key, to_string(*operation), denied("this caller may not do that"));
}

bool Desk::is_excepted(const Key& key) const {
  const auto today = std::chrono::floor<std::chrono::days>(forward_clock_.now());
  return rules_.tls12_exception && rules_.tls12_exception->covers(key.role(), today);
}

bool Desk::is_too_often(const Key& key) {
  const auto now = std::chrono::steady_clock::now();
  auto limit = limits_.find(key.name());
  if (limit == limits_.end())
    limit = limits_.emplace(key.name(), RateLimit(rules_.signatures_per_second, now)).first;
  return !limit->second.take(now);
}

/// Not in the log line by line: there may be thousands a second.
std::unexpected<Error> Desk::refuse_for_now(const Peer& peer, const KeyRef& key, Operation asked) {
  ++key->refusals;
  const std::string why =
      "this key signs more than " + std::to_string(rules_.signatures_per_second) + " times a second";
  clerk_.refused({.actor = std::string(to_string(peer.caller)),
                  .role = role_of(peer.caller),
                  .source = source_of(peer),
                  .object = "key/" + key->name(),
                  .why = std::string(to_string(asked)) + ": " + why});
  return fail(ErrorCode::kUnavailable, "keyd refuses for now: " + why);
}

std::unexpected<Error> Desk::refuse(const Peer& peer, const hsm::Request& request, const KeyRef& key,
                                    std::string_view asked, Error why) {
  const std::string_view name = key_name_of(request);
  if (key) ++key->refusals;
  log_event(LogLevel::kWarning, is_signing(request) ? "signature-refused" : "request-refused",
            {{"caller", to_string(peer.caller)},
             {"pid", peer.pid},
             {"asked", asked},
             {"key", name},
             {"why", why.message}});
  clerk_.refused({.actor = std::string(to_string(peer.caller)),
                  .role = role_of(peer.caller),
                  .source = source_of(peer),
                  .object = name.empty() ? std::string() : "key/" + std::string(name),
                  .why = std::string(asked) + ": " + why.message});
  // What is wrong with a request is for people; the code says that it was refused, or came too late.
  const ErrorCode code = why.code == ErrorCode::kConflict ? ErrorCode::kConflict : ErrorCode::kDenied;
  return fail(code, "keyd refuses: " + why.message);
}

void Desk::turn_away(uid_t user, pid_t pid) {
  log_event(LogLevel::kWarning, "caller-refused",
            {{"uid", user}, {"pid", pid}, {"why", "this user is no caller of keyd"}});
  const std::string uid = "uid " + std::to_string(user);
  clerk_.refused({.actor = uid,
                  .role = "stranger",
                  .source = uid,
                  .object = {},
                  .why = "connect: this user is no caller of keyd"});
}

std::optional<hsm::Answer> Desk::answer_at_once(const Permit& permit, const hsm::Request& request) {
  switch (permit.operation()) {
    case Operation::kListKeys:
      if (std::holds_alternative<hsm::ListRetiredKeysRequest>(request.body))
        return hsm::Answer{.id = request.id, .body = hsm::RetiredKeysAnswer{keys_.retired_on_token()}};
      return hsm::Answer{.id = request.id, .body = list(keys_)};
    case Operation::kCountUses:
      return hsm::Answer{.id = request.id, .body = count(keys_)};
    case Operation::kFindKey:  // by name or by id
      return hsm::Answer{.id = request.id, .body = hsm::KeysAnswer{.keys = {permit.key()->info()}}};
    case Operation::kHealth:
      if (token_.gate().is_open()) return std::nullopt;  // whether it can sign is to be seen
      return hsm::Answer{.id = request.id, .body = health(false)};
    default:
      return std::nullopt;
  }
}

hsm::Health Desk::health(bool is_ready) const {
  return {.ready = is_ready, .token = token_.description(), .cpu = to_text(cpu_crypto())};
}

hsm::Answer Desk::perform(const Permit& permit, const hsm::Request& request, WorkSession& work) {
  if (is_recorded(permit.operation()))
    return {.id = request.id, .body = perform_recorded(permit, request, work)};
  auto body = std::visit(Overloaded{
      [&](const hsm::HealthRequest&) -> AnswerBody { return health(can_sign(work)); },
      [&]<class Asked>(const Asked& asked) -> AnswerBody
        requires(std::same_as<Asked, hsm::SignTls13Request> || std::same_as<Asked, hsm::SignTls12Request>)
      { return sign_handshake(permit, request, asked.hash, asked.message, work); },
      [](const auto&) -> AnswerBody { CHECK(false); },  // is_recorded, answer_at_once
      },
      request.body);
  return {.id = request.id, .body = std::move(body)};
}

Desk::AnswerBody Desk::sign_handshake(const Permit& permit, const hsm::Request& request, hsm::Hash hash,
                                      ByteView message, WorkSession& work) {
  const auto scheme = tls13_scheme(permit.key()->public_key().type(), hash);
  if (!scheme)
    return error_of(
        refuse(permit.peer(), request, permit.key(), to_string(permit.operation()), scheme.error()).error());
  auto made = sign_and_count(permit, *scheme, message, work);
  if (!made) return error_of(made.error());
  return hsm::SignatureAnswer{.signature = std::move(*made)};
}

Desk::AnswerBody Desk::perform_recorded(const Permit& permit, const hsm::Request& request,
                                        WorkSession& work) {
  const auto refused = [&](const Error& why) {
    return error_of(refuse(permit.peer(), request, permit.key(), to_string(permit.operation()), why).error());
  };
  const auto intent = intent_of(permit, request);
  if (!intent) return refused(intent.error());
  if (const auto* asked = std::get_if<hsm::GenerateRequest>(&request.body))
    return generate(*intent, *asked, work);
  if (const auto* asked = std::get_if<hsm::ReadAuditRequest>(&request.body)) return audit_entries(*asked);
  if (permit.operation() == Operation::kRetire) return retire(permit, *intent);
  if (permit.operation() == Operation::kDestroy) return destroy(permit, request, *intent, work);
  if (permit.operation() == Operation::kReadAudit) {
    auto state = journal_.last_checkpoint();
    if (!state) return error_of(state.error());
    return std::move(*state);
  }
  if (intent->checkpoint)
    if (const auto kept = journal_.remember(*intent->checkpoint); !kept)
      return kept.error().code == ErrorCode::kConflict ? refused(kept.error())
                                                       : not_recorded(*intent, kept.error());
  return sign_recorded(permit, *intent, work);
}

Desk::AnswerBody Desk::sign_recorded(const Permit& permit, const Intent& intent, WorkSession& work) {
  const bool is_for_the_log = !intent.entry.action.empty();
  if (is_for_the_log) {
    if (const auto written = journal_.record(intent.entry); !written)
      return not_recorded(intent, written.error());
    log_event(LogLevel::kNotice,
              permit.operation() == Operation::kSignCsr           ? "csr-signed"
              : permit.operation() == Operation::kSignCertificate ? "certificate-signed"
              : permit.operation() == Operation::kSignOcsp        ? "ocsp-response-signed"
                                                                  : "crl-signed",
              {{"key", permit.key()->name()}, {"pid", permit.peer().pid}, {"what", intent.entry.why}});
  }
  const Scheme scheme = document_scheme(permit.key()->public_key().type());
  auto made = sign_and_count(permit, scheme, intent.to_sign, work);
  if (made) return hsm::SignatureAnswer{.signature = std::move(*made)};
  if (is_for_the_log) note_outcome(intent, "failed", made.error().message);
  return error_of(made.error());
}

Desk::AnswerBody Desk::generate(const Intent& intent, const hsm::GenerateRequest& asked, WorkSession& work) {
  if (const auto written = journal_.record(intent.entry); !written)
    return not_recorded(intent, written.error());
  const auto made = keys_.generate(work, {.role = asked.role, .name = asked.name}, asked.type);
  if (!made) {
    log_event(LogLevel::kError, "key-not-made", {{"key", asked.name}, {"why", made.error().message}});
    note_outcome(intent, "failed", made.error().message);
    return error_of(made.error());
  }
  log_event(LogLevel::kNotice, "key-made",
            {{"key", asked.name}, {"role", to_string(asked.role)}, {"by", intent.entry.actor}});
  note_outcome(intent, "ok", "public key " + to_hex(sha256((*made)->public_key().spki())));
  return hsm::KeysAnswer{.keys = {(*made)->info()}};
}

Desk::AnswerBody Desk::retire(const Permit& permit, const Intent& intent) {
  const KeyRef& key = permit.key();
  // Two requests for one key may both have been admitted before the first was performed.
  if (!key || keys_.retired_role(key->name())) return hsm::DoneAnswer{};
  const auto now = std::chrono::floor<std::chrono::seconds>(clock_.now()).time_since_epoch().count();
  const hsm::RetiredKey retired{
      .name = key->name(), .role = key->role(), .retired_at = static_cast<std::uint64_t>(now)};
  if (const auto written = journal_.retire(retired, intent.entry); !written)
    return not_recorded(intent, written.error());
  keys_.retire(key, retired);
  log_event(LogLevel::kNotice, "key-retired", {{"key", key->name()}, {"pid", permit.peer().pid}});
  return hsm::DoneAnswer{};
}

Desk::AnswerBody Desk::destroy(const Permit& permit, const hsm::Request& request, const Intent& intent,
                               WorkSession& work) {
  const auto& asked = std::get<hsm::DestroyRequest>(request.body);
  const auto refused = [&](const Error& why) {
    return error_of(refuse(permit.peer(), request, permit.key(), to_string(permit.operation()), why).error());
  };
  const auto wanted = check_destruction(rules_.approvals, rules_.host, clock_.now(), asked);
  if (!wanted) return refused(wanted.error());
  if (const auto written = journal_.use_approval(wanted->nonce, intent.entry); !written)
    return written.error().code == ErrorCode::kConflict
               ? refused({ErrorCode::kConflict, "these approvals were used before"})
               : not_recorded(intent, written.error());
  const auto gone = keys_.destroy(work, asked.name);
  log_event(gone ? LogLevel::kNotice : LogLevel::kError, gone ? "key-destroyed" : "key-not-destroyed",
            {{"key", asked.name}, {"why", gone ? intent.entry.why : gone.error().message}});
  note_outcome(intent, gone ? "ok" : "failed", gone ? "" : gone.error().message);
  if (!gone) return error_of(gone.error());
  return hsm::DoneAnswer{};
}

Desk::AnswerBody Desk::audit_entries(const hsm::ReadAuditRequest& asked) {
  auto entries = journal_.entries(asked.after, asked.limit);
  if (!entries) return error_of(entries.error());
  if (std::ranges::any_of(*entries, [](const auto& line) { return line.size() > hsm::kMaxEntryBytes; }))
    return hsm::ErrorAnswer{.code = ErrorCode::kInvalid, .message = "audit log: an entry is too long"};
  hsm::keep_what_fits(*entries);
  return hsm::AuditEntriesAnswer{.entries = std::move(*entries)};
}

void Desk::note_outcome(const Intent& intent, std::string outcome, std::string why) {
  audit::Entry entry = intent.entry;
  entry.outcome = std::move(outcome);
  entry.why = std::move(why);
  // It is done, or has failed, all the same; that it was begun is on the disk.
  if (const auto written = journal_.record(entry); !written)
    log_event(LogLevel::kAlert, "outcome-not-recorded",
              {{"act", entry.action}, {"object", entry.object}, {"why", written.error().message}});
}

}  // namespace privyseal::keyd
