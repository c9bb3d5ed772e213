/// Questions to keyd that no thread waits for: each is sent at once, and its asker is told
/// when the answer is there.
///
/// Why beside Client: an event loop with many handshakes must not stand still for one
/// signature. All questions share one connection, pipelined; one thread of our own, started
/// with the first question, hears the answers, keeps the deadlines and connects again. keyd may be
/// restarted at any moment: what was asked on a connection that died is asked once more on the next.
///
/// Threads: every member may be called from any thread. After a fork the child starts afresh. A process that
/// becomes another user is heard on a new connection, because keyd sees its caller as he was when he
/// connected. Ownership: a Question belongs to its asker and to the client together; it outlives both.
///
/// Errors: what keyd answered; kUnavailable: keyd is not there, talks nonsense, or too many questions
/// are open; kTimeout: the deadline passed; kInvalid: the name is no key name, the message too long.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string_view>

#include "firmware/base/bytes.h"
#include "firmware/base/guarded.h"
#include "firmware/base/result.h"
#include "hsm/wire.h"

namespace privyseal::hsm {

/// How an asker is told: called once, on the client's thread, under the question's lock. It must
/// only pass the news on, and not touch the question.
struct Wake {
  int (*function)(void*) = nullptr;
  void* argument = nullptr;
};

class Question {
 public:
  explicit Question(Wake wake) : state_(State{.wake = wake, .answer = {}, .is_abandoned = false}) {}

  [[nodiscard]] bool is_settled();
  /// Only once it is settled.
  [[nodiscard]] Result<Bytes> signature();
  [[nodiscard]] Result<bool> readiness();

  /// The asker is gone: `wake` is not being called when this returns, nor ever after.
  void abandon();
  [[nodiscard]] bool is_abandoned();

  /// For the client: the first one counts.
  void settle(Result<Answer> answer);

 private:
  struct State {
    Wake wake;
    std::optional<Result<Answer>> answer;
    bool is_abandoned;
  };
  template <class AnswerBody>
  Result<AnswerBody> take();

  Guarded<State> state_;
};

using QuestionRef = std::shared_ptr<Question>;

class AsyncClient {
 public:
  struct Options {
    std::chrono::milliseconds deadline{2000};  ///< of a signature
    std::size_t most_open = 1024;  ///< questions, abandoned ones too, once sent, until keyd has answered them
  };

  /// Touches no socket and starts no thread.
  explicit AsyncClient(std::filesystem::path socket, Options options);
  /// Settles what is open with kUnavailable, and ends the thread.
  ~AsyncClient();
  AsyncClient(const AsyncClient&) = delete;  // its thread knows its parts
  AsyncClient& operator=(const AsyncClient&) = delete;

  /// As Client::sign_tls13. The answer comes with `wake`, an error with this call or with `wake`.
  [[nodiscard]] Result<QuestionRef> sign_tls13(std::string_view name, ByteView message, Hash hash, Wake wake);
  /// As Client::sign_tls12, and told as above.
  [[nodiscard]] Result<QuestionRef> sign_tls12(std::string_view name, ByteView message, Hash hash, Wake wake);
  [[nodiscard]] Result<QuestionRef> health(std::chrono::milliseconds deadline, Wake wake);

  /// Questions that keyd has not answered yet.
  [[nodiscard]] std::size_t open_questions();

 private:
  struct Running;
  Result<Running*> running();
  template <class RequestBody>
  Result<QuestionRef> ask_signature(std::string_view name, ByteView message, Hash hash, Wake wake);

  const std::filesystem::path socket_;
  const Options options_;
  std::atomic<Running*> running_ = nullptr;
};

}  // namespace privyseal::hsm
