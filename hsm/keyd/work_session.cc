#include "hsm/keyd/work_session.h"

#include <algorithm>
#include <thread>
#include <utility>

#include "firmware/base/log.h"

namespace privyseal::keyd {
namespace {

constexpr std::chrono::milliseconds kBeforeTheSameAgain{20};
// Of one request in one epoch, while others do well: two faults of the token may hit the same request by
// chance, and a third says that the fault is in what was asked.
constexpr int kMostBrokenSessions = 3;

WorkSession::Time now() { return std::chrono::steady_clock::now(); }

}  // namespace

WorkSession::Calling::Calling(WorkSession& work) : work_(work) {
  work_.calling_since_ = now().time_since_epoch().count();
}

WorkSession::Calling::~Calling() {
  work_.calling_since_ = 0;
  work_.token_.gate().answered();
}

std::optional<WorkSession::Time> WorkSession::calling_since() const {
  const Time::rep since = calling_since_;
  if (since == 0) return std::nullopt;
  return Time(Time::duration(since));
}

pkcs11::Failure WorkSession::failure_of(const Error& error) {
  const bool may_help = error.code == ErrorCode::kClosed;
  return {error, may_help ? pkcs11::Cure::kNewSession : pkcs11::Cure::kNone, CKR_OK};
}

void WorkSession::discard() {
  if (!session_) return;
  const Calling calling(*this);
  session_.reset();
}

void WorkSession::leave() {
  if (session_) session_->leave_open();
  session_.reset();
}

pkcs11::Outcome<const pkcs11::Session*> WorkSession::get() {
  TokenGate& gate = token_.gate();
  for (;;) {
    if (session_ && epoch_ == gate.epoch() && gate.is_open()) return &*session_;
    const auto epoch = gate.enter(deadline_);
    if (!epoch) return std::unexpected(epoch.error());
    if (session_ && epoch_ == *epoch) return &*session_;
    discard();
    epoch_ = *epoch;
    auto opened = [&] {
      const Calling calling(*this);
      return token_.open_session();
    }();
    if (!opened) return std::unexpected(opened.error());
    if (opened->is_logged_in) {
      session_ = std::move(opened->session);
      return &*session_;
    }
    gate.lose(epoch_, pkcs11::Cure::kLogIn, "the token has logged us out");
    if (now() >= deadline_) return fail(ErrorCode::kTimeout, "token: it forgets our log-in");
  }
}

bool WorkSession::is_worth_another(const pkcs11::Failure& failure, Attempts& attempts) {
  using pkcs11::Cure;
  const Time at = now();
  switch (failure.cure) {
    case Cure::kNone:
      if (failure.code == ErrorCode::kUnavailable) discard();
      return false;
    case Cure::kAgain:
      if (at + kBeforeTheSameAgain >= deadline_) return false;
      std::this_thread::sleep_for(kBeforeTheSameAgain);
      return true;
    case Cure::kOnceMore:
      discard();
      return !std::exchange(attempts.was_once_more, true);
    case Cure::kNewSession:
    case Cure::kLogIn: {
      log_event(LogLevel::kWarning, "session-replaced", {{"why", failure.message}});
      discard();
      if (std::exchange(attempts.epoch, epoch_) != epoch_) attempts.broken_sessions = 0;
      const Time last_failure = std::exchange(attempts.last_failure, at);
      if (++attempts.broken_sessions == 1) return true;
      // A fresh one is no better. It is the token only if others do no better in the same epoch.
      if (token_.gate().has_succeeded_since(last_failure) && token_.gate().is_current(epoch_))
        return attempts.broken_sessions < kMostBrokenSessions;
      break;
    }
    case Cure::kReinitialise:
      discard();
      break;
  }
  token_.gate().lose(epoch_, Cure::kReinitialise, failure.message);
  return at < deadline_;
}

}  // namespace privyseal::keyd
