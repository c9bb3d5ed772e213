/// A worker's own way to the token: a session that is replaced when it has broken, and retries that make
/// sense.
///
/// Threads: its worker's, but for `calling_since`. Ownership: the Token must outlive it.
#pragma once

#include <atomic>
#include <optional>
#include <type_traits>

#include "hsm/keyd/token.h"

namespace privyseal::keyd {

class WorkSession {
 public:
  using Time = Token::Time;

  explicit WorkSession(Token& token) : token_(token) {}
  ~WorkSession() { discard(); }
  WorkSession(const WorkSession&) = delete;
  WorkSession& operator=(const WorkSession&) = delete;

  /// Nothing waits longer for the token. A call that hangs cannot be ended: see `calling_since`.
  void set_deadline(Time deadline) { deadline_ = deadline; }

  /// Calls `act(session)`, which gives a Result or an Outcome, and calls it again when a cure of its failure
  /// has been found before the deadline: on a fresh session, twice if others do well, and after the token was
  /// brought back. `act` must be one that may be done more than once. kTimeout: the token was not there until
  /// the deadline.
  template <class Act>
  auto use(Act act) -> std::invoke_result_t<Act&, const pkcs11::Session&> {
    Attempts attempts;
    for (;;) {
      const auto session = get();
      if (!session) {
        if (!is_worth_another(session.error(), attempts)) return std::unexpected(session.error());
        continue;
      }
      auto outcome = [&] {
        const Calling calling(*this);
        return act(**session);
      }();
      if (outcome) {
        token_.gate().succeeded();
        return outcome;
      }
      if (!is_worth_another(failure_of(outcome.error()), attempts)) return outcome;
    }
  }

  /// As `use`, for what must not be done twice. kClosed: it may help to begin again.
  template <class Act>
  auto use_once(Act act) -> std::invoke_result_t<Act&, const pkcs11::Session&> {
    const auto session = get();
    if (!session) return std::unexpected(session.error());
    const Calling calling(*this);
    return act(**session);
  }

  /// Of the session that `act` is called with: object handles that were found through it are good until
  /// another epoch.
  [[nodiscard]] std::uint64_t epoch() const { return epoch_; }
  /// A broken session may hold a half-done operation; closing is the only reset.
  void discard();
  /// At the process's end: as `discard`, without asking the token.
  void leave();

  /// Any thread: since when it has been in the module; none: it is not.
  [[nodiscard]] std::optional<Time> calling_since() const;

 private:
  struct Attempts {
    std::uint64_t epoch = 0;  ///< in which a session has failed
    int broken_sessions = 0;  ///< in that epoch
    Time last_failure{};
    bool was_once_more = false;
  };
  /// Marks the time in which a call may hang.
  class Calling {
   public:
    explicit Calling(WorkSession& work);
    ~Calling();
    Calling(const Calling&) = delete;
    Calling& operator=(const Calling&) = delete;

   private:
    WorkSession& work_;
  };

  static pkcs11::Failure failure_of(const pkcs11::Failure& failure) { return failure; }
  /// What was made of a Failure on the way still says that a session was closed.
  static pkcs11::Failure failure_of(const Error& error);
  pkcs11::Outcome<const pkcs11::Session*> get();
  bool is_worth_another(const pkcs11::Failure& failure, Attempts& attempts);

  Token& token_;
  Time deadline_ = Time::max();
  std::optional<pkcs11::Session> session_;
  std::uint64_t epoch_ = 0;
  std::atomic<Time::rep> calling_since_{0};
};

}  // namespace privyseal::keyd
