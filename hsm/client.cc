#include "hsm/client.h"

#include <unistd.h>

#include <algorithm>
#include <iterator>
#include <memory>
#include <string>
#include <utility>

#include "firmware/base/unix_socket.h"

namespace privyseal::hsm {
namespace {

// As many as there were callers at once; more than any daemon of ours has threads.
constexpr std::size_t kMostIdle = 64;
// What surrounds a message in a request: version, kind, id, two lengths, the name and the hash.
constexpr std::size_t kRequestFrameBytes = 1 + 1 + 4 + 2 + kMaxKeyNameBytes + 2 + 1;

std::chrono::milliseconds left_until(std::chrono::steady_clock::time_point until) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
  return std::max(left, std::chrono::milliseconds(0));
}

std::unexpected<Error> unavailable(std::string message) {
  return fail(ErrorCode::kUnavailable, "keyd: " + std::move(message));
}

/// A broken connection, whatever broke it, means the same to a caller: no keys now.
std::unexpected<Error> connection_failed(const Error& cause) {
  if (cause.code == ErrorCode::kTimeout) return fail(ErrorCode::kTimeout, "keyd: no answer in time");
  return unavailable(cause.message);
}

Result<KeyInfo> only_key(std::string_view name, Result<KeysAnswer> answer) {
  if (!answer) return std::unexpected(std::move(answer).error());
  if (answer->keys.size() != 1 || answer->keys.front().name != name)
    return unavailable("answered with another key");
  return std::move(answer->keys.front());
}

Result<void> check_name(std::string_view name) {
  if (!is_key_name(name)) return fail(ErrorCode::kInvalid, "key name: 1 to 32 of a-z, 0-9 and - are allowed");
  return {};
}

Result<void> check_signable(std::string_view name, ByteView message) {
  if (auto is_name = check_name(name); !is_name) return is_name;
  if (message.size() > kMaxMessageBytes - kRequestFrameBytes)
    return fail(ErrorCode::kInvalid, "message to sign: too long");
  return {};
}

}  // namespace

Client::Client(std::filesystem::path socket, std::chrono::milliseconds deadline)
    : socket_(std::move(socket)), deadline_(deadline) {}

Result<KeyInfo> Client::find_key(std::string_view name) {
  if (auto is_name = check_name(name); !is_name) return std::unexpected(is_name.error());
  return only_key(name, ask<KeysAnswer>(FindKeyRequest{std::string(name)}, deadline_));
}

Result<KeyInfo> Client::find_key_by_id(ByteView id) {
  if (id.empty() || id.size() > kMaxKeyIdBytes)
    return fail(ErrorCode::kInvalid, "key id: 1 to 64 bytes are allowed");
  auto answer = ask<KeysAnswer>(FindKeyByIdRequest{copy_of(id)}, deadline_);
  if (!answer) return std::unexpected(std::move(answer).error());
  if (answer->keys.size() != 1) return unavailable("answered with another number of keys");
  return std::move(answer->keys.front());
}

Result<std::vector<KeyInfo>> Client::list_keys() {
  auto answer = ask<KeysAnswer>(ListKeysRequest{}, deadline_);
  if (!answer) return std::unexpected(std::move(answer).error());
  return std::move(answer->keys);
}

Result<Bytes> Client::sign_tls13(std::string_view name, ByteView message, Hash hash) {
  if (auto fits = check_signable(name, message); !fits) return std::unexpected(fits.error());
  return ask_signature(SignTls13Request{std::string(name), copy_of(message), hash});
}

Result<Bytes> Client::sign_tls12(std::string_view name, ByteView message, Hash hash) {
  if (auto fits = check_signable(name, message); !fits) return std::unexpected(fits.error());
  return ask_signature(SignTls12Request{std::string(name), copy_of(message), hash});
}

Result<Bytes> Client::sign_csr(std::string_view name, ByteView request_info) {
  if (auto fits = check_signable(name, request_info); !fits) return std::unexpected(fits.error());
  return ask_signature(SignCsrRequest{std::string(name), copy_of(request_info)});
}

Result<KeyInfo> Client::generate(std::string_view name, KeyRole role, KeyType type) {
  if (auto is_name = check_name(name); !is_name) return std::unexpected(is_name.error());
  const std::chrono::milliseconds deadline = std::max<std::chrono::milliseconds>(deadline_, kToMakeAKey);
  return only_key(name, ask<KeysAnswer>(GenerateRequest{std::string(name), role, type}, deadline));
}

Result<std::vector<KeyUses>> Client::uses() {
  auto answer = ask<UsesAnswer>(CountUsesRequest{}, deadline_);
  if (!answer) return std::unexpected(std::move(answer).error());
  return std::move(answer->uses);
}

Result<Bytes> Client::sign_checkpoint(std::string_view name, std::string_view text) {
  if (auto is_name = check_name(name); !is_name) return std::unexpected(is_name.error());
  if (text.size() > kMaxCheckpointBytes) return fail(ErrorCode::kInvalid, "checkpoint: too long");
  return ask_signature(SignCheckpointRequest{std::string(name), std::string(text)});
}

Result<Bytes> Client::sign_certificate(std::string_view name, ByteView tbs_certificate) {
  if (auto fits = check_signable(name, tbs_certificate); !fits) return std::unexpected(fits.error());
  return ask_signature(SignCertificateRequest{std::string(name), copy_of(tbs_certificate)});
}

Result<Bytes> Client::sign_crl(std::string_view name, ByteView tbs_cert_list) {
  if (auto fits = check_signable(name, tbs_cert_list); !fits) return std::unexpected(fits.error());
  return ask_signature(SignCrlRequest{std::string(name), copy_of(tbs_cert_list)});
}

Result<Bytes> Client::sign_ocsp(std::string_view name, ByteView response_data) {
  if (auto fits = check_signable(name, response_data); !fits) return std::unexpected(fits.error());
  return ask_signature(SignOcspRequest{std::string(name), copy_of(response_data)});
}

Result<void> Client::retire(std::string_view name) {
  if (auto is_name = check_name(name); !is_name) return is_name;
  const auto answer = ask<DoneAnswer>(RetireRequest{std::string(name)}, deadline_);
  if (!answer) return std::unexpected(answer.error());
  return {};
}

Result<void> Client::destroy(std::string_view name, std::string_view text,
                             const std::array<Approval, 2>& approvals) {
  if (auto is_name = check_name(name); !is_name) return is_name;
  const bool fits = std::ranges::all_of(approvals, [](const Approval& approval) {
    return is_key_name(approval.person) && approval.client_data.size() <= kMaxClientDataBytes &&
           approval.authenticator_data.size() <= kMaxAuthenticatorDataBytes &&
           approval.signature.size() <= kMaxPasskeySignatureBytes;
  });
  if (!fits || text.size() > kMaxDestructionBytes)
    return fail(ErrorCode::kInvalid, "approval: a part is too long, or a person's name is none");
  const auto answer =
      ask<DoneAnswer>(DestroyRequest{std::string(name), std::string(text), approvals}, deadline_);
  if (!answer) return std::unexpected(answer.error());
  return {};
}

Result<std::vector<RetiredKey>> Client::list_retired_keys() {
  auto answer = ask<RetiredKeysAnswer>(ListRetiredKeysRequest{}, deadline_);
  if (!answer) return std::unexpected(std::move(answer).error());
  return std::move(answer->keys);
}

Result<std::vector<std::string>> Client::audit_entries(std::uint64_t after, std::size_t limit) {
  std::vector<std::string> entries;
  while (entries.size() < limit) {
    const auto wanted = static_cast<std::uint16_t>(std::min(limit - entries.size(), kMaxAuditEntries));
    auto answer = ask<AuditEntriesAnswer>(ReadAuditRequest{after + entries.size(), wanted}, deadline_);
    if (!answer) return std::unexpected(std::move(answer).error());
    if (answer->entries.size() > wanted) return unavailable("answered with more entries than were asked for");
    if (answer->entries.empty()) break;
    std::ranges::move(answer->entries, std::back_inserter(entries));
  }
  return entries;
}

Result<AuditCheckpoint> Client::audit_checkpoint() {
  return ask<AuditCheckpointAnswer>(ReadAuditCheckpointRequest{}, deadline_);
}

Result<bool> Client::health() { return health(deadline_); }

Result<bool> Client::health(std::chrono::milliseconds deadline) {
  const auto answer = ask<HealthAnswer>(HealthRequest{}, deadline);
  if (!answer) return std::unexpected(answer.error());
  return answer->ready;
}

Result<Health> Client::condition() { return ask<HealthAnswer>(HealthRequest{}, deadline_); }

template <class RequestBody>
Result<Bytes> Client::ask_signature(RequestBody body) {
  auto answer = ask<SignatureAnswer>(std::move(body), deadline_);
  if (!answer) return std::unexpected(std::move(answer).error());
  return std::move(answer->signature);
}

template <class AnswerBody, class RequestBody>
Result<AnswerBody> Client::ask(RequestBody body, std::chrono::milliseconds deadline) {
  auto answer = exchange(Request{++last_id_, std::move(body)}, std::chrono::steady_clock::now() + deadline);
  if (!answer) return connection_failed(answer.error());
  if (auto* wanted = std::get_if<AnswerBody>(&answer->body)) return std::move(*wanted);
  if (auto* error = std::get_if<ErrorAnswer>(&answer->body))
    return fail(error->code, std::move(error->message));
  return unavailable("answered something else");
}

Result<Answer> Client::exchange(const Request& request, Time until) {
  if (UniqueFd kept = take_idle()) {
    auto [answer, is_sent] = attempt(kept.get(), request, until);
    if (answer) give_back(std::move(kept));
    if (answer || answer.error().code != ErrorCode::kClosed) return answer;
    // keyd was restarted, so all kept connections are dead. What was not sent, or
    // does no harm when it is done twice, is said again on a fresh one.
    drop_idle();
    if (is_sent && std::holds_alternative<GenerateRequest>(request.body)) return answer;
  }
  auto fresh = connect_seqpacket(socket_, left_until(until));
  if (!fresh) return std::unexpected(std::move(fresh).error());
  auto answer = attempt(fresh->get(), request, until).answer;
  if (answer) give_back(std::move(*fresh));
  return answer;
}

Client::Attempt Client::attempt(int connection, const Request& request, Time until) const {
  if (auto sent = send_message(connection, to_bytes(request), left_until(until)); !sent)
    return {.answer = std::unexpected(std::move(sent).error())};
  // Not on the stack: callers may be OpenSSL's ASYNC jobs, which have 32 KiB of it.
  const auto buffer = std::make_unique_for_overwrite<std::byte[]>(kMaxMessageBytes);
  const auto message = receive_message(connection, {buffer.get(), kMaxMessageBytes}, left_until(until));
  if (!message) return {.answer = std::unexpected(message.error()), .is_sent = true};
  auto answer = parse_answer(*message);
  if (answer && answer->id != request.id) answer = unavailable("answered another request");
  return {.answer = std::move(answer), .is_sent = true};
}

UniqueFd Client::take_idle() {
  return idle_.with([](Idle& idle) {
    if (idle.owner != ::getpid() || idle.user != ::geteuid())
      idle = Idle{.owner = ::getpid(), .user = ::geteuid(), .connections = {}};
    if (idle.connections.empty()) return UniqueFd();
    UniqueFd connection = std::move(idle.connections.back());
    idle.connections.pop_back();
    return connection;
  });
}

void Client::drop_idle() {
  idle_.with([](Idle& idle) { idle.connections.clear(); });
}

void Client::give_back(UniqueFd connection) {
  idle_.with([&](Idle& idle) {
    if (idle.connections.size() < kMostIdle) idle.connections.push_back(std::move(connection));
  });
}

}  // namespace privyseal::hsm
