#include "hsm/async_client.h"

#include <unistd.h>

#include <string>
#include <system_error>
#include <utility>

#include "firmware/base/check.h"
#include "hsm/answer_reader.h"

namespace privyseal::hsm {
namespace {

// A CertificateVerify input is at most 64 + 33 + 1 + 64 bytes, a ServerKeyExchange input 64 + 4 + 97.
constexpr std::size_t kMaxInputBytes = 256;

}  // namespace

bool Question::is_settled() {
  return state_.with([](const State& state) { return state.answer.has_value(); });
}

bool Question::is_abandoned() {
  return state_.with([](const State& state) { return state.is_abandoned; });
}

void Question::abandon() {
  state_.with([](State& state) {
    state.wake = {};
    state.is_abandoned = true;
  });
}

void Question::settle(Result<Answer> answer) {
  state_.with([&](State& state) {
    if (state.answer) return;
    state.answer.emplace(std::move(answer));
    // Under the lock, so that abandon() cannot return while the asker is being told.
    if (state.wake.function != nullptr) state.wake.function(state.wake.argument);
  });
}

template <class AnswerBody>
Result<AnswerBody> Question::take() {
  return state_.with([](State& state) -> Result<AnswerBody> {
    CHECK(state.answer.has_value());
    if (!*state.answer) return std::unexpected((*state.answer).error());
    auto& body = (*state.answer)->body;
    if (auto* wanted = std::get_if<AnswerBody>(&body)) return std::move(*wanted);
    if (auto* error = std::get_if<ErrorAnswer>(&body)) return fail(error->code, error->message);
    return fail(ErrorCode::kUnavailable, "keyd: answered something else");
  });
}

Result<Bytes> Question::signature() {
  auto answer = take<SignatureAnswer>();
  if (!answer) return std::unexpected(std::move(answer).error());
  return std::move(answer->signature);
}

Result<bool> Question::readiness() {
  const auto answer = take<HealthAnswer>();
  if (!answer) return std::unexpected(answer.error());
  return answer->ready;
}

struct AsyncClient::Running {
  pid_t owner;
  AnswerReader reader;
};

AsyncClient::AsyncClient(std::filesystem::path socket, Options options)
    : socket_(std::move(socket)), options_(options) {}

AsyncClient::~AsyncClient() {
  Running* running = running_.load();
  // After a fork the thread is not here, and its lock may be held by nobody that lives.
  if (running != nullptr && running->owner == ::getpid()) delete running;
}

/// Without a lock, because a fork may copy one that is held. What the parent ran is left alone.
Result<AsyncClient::Running*> AsyncClient::running() {
  Running* known = running_.load(std::memory_order_acquire);
  if (known != nullptr && known->owner == ::getpid()) return known;
  std::unique_ptr<Running> fresh;
  try {
    fresh.reset(new Running{.owner = ::getpid(), .reader{socket_, options_.most_open}});
  } catch (const std::system_error& error) {
    return fail(ErrorCode::kUnavailable, std::string("thread: ") + error.what());
  }
  if (running_.compare_exchange_strong(known, fresh.get())) return fresh.release();
  return known;  // another thread was first
}

template <class RequestBody>
Result<QuestionRef> AsyncClient::ask_signature(std::string_view name, ByteView message, Hash hash,
                                               Wake wake) {
  if (!is_key_name(name)) return fail(ErrorCode::kInvalid, "key name: 1 to 32 of a-z, 0-9 and - are allowed");
  if (message.size() > kMaxInputBytes) return fail(ErrorCode::kInvalid, "message to sign: too long");
  const auto now = running();
  if (!now) return std::unexpected(now.error());
  return (*now)->reader.ask({.id = 0, .body = RequestBody{std::string(name), copy_of(message), hash}},
                            options_.deadline, wake);
}

Result<QuestionRef> AsyncClient::sign_tls13(std::string_view name, ByteView message, Hash hash, Wake wake) {
  return ask_signature<SignTls13Request>(name, message, hash, wake);
}

Result<QuestionRef> AsyncClient::sign_tls12(std::string_view name, ByteView message, Hash hash, Wake wake) {
  return ask_signature<SignTls12Request>(name, message, hash, wake);
}

Result<QuestionRef> AsyncClient::health(std::chrono::milliseconds deadline, Wake wake) {
  const auto now = running();
  if (!now) return std::unexpected(now.error());
  return (*now)->reader.ask({.id = 0, .body = HealthRequest{}}, deadline, wake);
}

std::size_t AsyncClient::open_questions() {
  Running* running = running_.load(std::memory_order_acquire);
  return running != nullptr && running->owner == ::getpid() ? running->reader.open_questions() : 0;
}

}  // namespace privyseal::hsm
