#include "hsm/answer_reader.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <utility>

#include "firmware/base/check.h"
#include "firmware/base/unix_socket.h"

namespace privyseal::hsm {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kAtOnce{0};
constexpr milliseconds kConnectWithin{1};  // the thread has deadlines to keep
constexpr milliseconds kConnectEvery{20};
// The thread sleeps no longer while there is traffic, so that a new question need not wake it.
constexpr milliseconds kLongestSleep{100};
constexpr int kMostSends = 2;
constexpr int kAnswersInARow = 64;

/// A thread of ours in a foreign program takes none of its signals.
class SignalsBlocked {
 public:
  SignalsBlocked() {
    sigset_t all;
    sigfillset(&all);
    CHECK(::pthread_sigmask(SIG_SETMASK, &all, &before_) == 0);
  }
  ~SignalsBlocked() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;

 private:
  sigset_t before_{};
};

}  // namespace

AnswerReader::AnswerReader(std::filesystem::path socket, std::size_t most_open)
    : socket_(std::move(socket)),
      most_open_(most_open),
      wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      state_(State{}) {
  const SignalsBlocked blocked;
  thread_ = std::thread([this] { run(); });
}

AnswerReader::~AnswerReader() {
  state_.with([](State& state) { state.stopping = true; });
  CHECK(::eventfd_write(wake_.get(), 1) == 0);
  thread_.join();
  settle_all();
}

Result<QuestionRef> AnswerReader::ask(Request request, milliseconds within, Wake wake) {
  auto question = std::make_shared<Question>(wake);
  const Time until = std::chrono::steady_clock::now() + within;
  bool wake_thread = false;
  const bool taken = state_.with([&](State& state) {
    if (state.open.size() >= most_open_) return false;
    const std::uint64_t number = ++state.last_number;
    request.id = static_cast<std::uint32_t>(number);
    Open& open = state.open[number] = {.question = question, .message = to_bytes(request), .until = until};
    state.next_due = std::min(state.next_due, until);
    if (!state.connection || is_another_users(state) || !state.unsent.empty() || !send_now(state, open)) {
      state.unsent.push_back(number);
      wake_thread = true;
    }
    wake_thread = wake_thread || std::exchange(state.asleep, false);
    return true;
  });
  if (!taken) return fail(ErrorCode::kUnavailable, "keyd: too many open questions");
  if (wake_thread) CHECK(::eventfd_write(wake_.get(), 1) == 0);
  return question;
}

std::size_t AnswerReader::open_questions() {
  return state_.with([](const State& state) { return state.open.size(); });
}

bool AnswerReader::is_another_users(const State& state) {
  return state.connection && state.user != ::geteuid();
}

bool AnswerReader::send_now(State& state, Open& open) {
  if (!send_message(state.connection.get(), open.message, kAtOnce)) return false;
  ++open.sent;
  return true;
}

void AnswerReader::send_waiting(State& state) {
  while (!state.unsent.empty()) {
    const auto open = state.open.find(state.unsent.front());
    if (open != state.open.end() && open->second.question->is_abandoned())
      state.open.erase(open);  // a token's time is for those who still wait
    else if (open != state.open.end() && !send_now(state, open->second))
      return;
    state.unsent.pop_front();
  }
}

void AnswerReader::run() {
  ::pthread_setname_np(::pthread_self(), "keyd-answers");
  bool was_quiet = false;
  for (;;) {
    settle_overdue();
    leave_connection_of_another_user();
    const Plan now = plan(was_quiet);
    if (now.stopping) return;
    if (now.connect) {
      try_to_connect();
      continue;
    }
    std::array<pollfd, 2> waited{{{.fd = wake_.get(), .events = POLLIN, .revents = 0},
                                  {.fd = now.connection, .events = now.events, .revents = 0}}};
    const int ready = ::poll(waited.data(), waited.size(), now.timeout_ms);
    was_quiet = ready == 0;
    if (ready <= 0) continue;
    if (waited[0].revents != 0) {
      eventfd_t ignored = 0;
      ::eventfd_read(wake_.get(), &ignored);
    }
    if (waited[1].revents != 0) read_answers(now.connection);
  }
}

AnswerReader::Plan AnswerReader::plan(bool was_quiet) {
  const Time now = std::chrono::steady_clock::now();
  return state_.with([&](State& state) {
    if (state.connection && !is_another_users(state)) send_waiting(state);
    const bool must_connect = !state.connection && !state.unsent.empty();
    state.asleep = state.open.empty() && was_quiet;
    Time until = std::min(state.next_due, now + kLongestSleep);
    if (must_connect) until = std::min(until, connect_again_);
    const auto left = std::chrono::ceil<milliseconds>(until - now).count();
    return Plan{.stopping = state.stopping,
                .connect = must_connect && connect_again_ <= now,
                .connection = state.connection.get(),
                .events = static_cast<short>(state.unsent.empty() ? POLLIN : POLLIN | POLLOUT),
                .timeout_ms = state.asleep ? -1 : static_cast<int>(std::max<std::int64_t>(left, 0))};
  });
}

void AnswerReader::leave_connection_of_another_user() {
  if (state_.with(is_another_users))
    lose_connection({ErrorCode::kClosed, "the process became another user"}, true);
}

void AnswerReader::try_to_connect() {
  const uid_t user = ::geteuid();  // before: should it change meanwhile, the connection counts as old
  auto connection = connect_seqpacket(socket_, kConnectWithin);
  if (!connection) {
    connect_again_ = std::chrono::steady_clock::now() + kConnectEvery;
    return;
  }
  state_.with([&](State& state) {
    state.connection = std::move(*connection);
    state.user = user;
  });
}

void AnswerReader::read_answers(int connection) {
  for (int i = 0; i < kAnswersInARow; ++i) {
    const auto message = receive_message(connection, buffer_, kAtOnce);
    if (!message && message.error().code == ErrorCode::kTimeout) return;
    if (!message) return lose_connection(message.error(), message.error().code == ErrorCode::kClosed);
    auto answer = parse_answer(*message);
    if (!answer) return lose_connection(answer.error(), false);
    take_answer(std::move(answer));
  }
}

/// An answer that fits no question is late, or the second one: nobody asks for it any more.
void AnswerReader::take_answer(Result<Answer> answer) {
  const QuestionRef question = state_.with([&](State& state) -> QuestionRef {
    if (state.open.empty()) return nullptr;
    const std::uint64_t first = state.open.begin()->first;
    const auto distance = static_cast<std::uint32_t>(answer->id - static_cast<std::uint32_t>(first));
    const auto open = state.open.find(first + distance);
    if (open == state.open.end() || open->second.sent == 0) return nullptr;
    QuestionRef found = std::move(open->second.question);
    state.open.erase(open);
    return found;
  });
  if (question) question->settle(std::move(answer));
}

void AnswerReader::lose_connection(const Error& why, bool may_repeat) {
  // Not at once: a keyd that is going away may still listen for a moment.
  connect_again_ = std::chrono::steady_clock::now() + kConnectEvery;
  Settled settled;
  state_.with([&](State& state) {
    state.connection.reset();
    state.unsent.clear();
    std::erase_if(state.open, [&](auto& numbered) {
      Open& open = numbered.second;
      const bool again =
          !open.question->is_abandoned() && (open.sent == 0 || (may_repeat && open.sent < kMostSends));
      if (again)
        state.unsent.push_back(numbered.first);
      else
        settled.emplace_back(std::move(open.question),
                             Error{ErrorCode::kUnavailable, "keyd: " + why.message});
      return !again;
    });
  });
  for (auto& [question, error] : settled) question->settle(std::unexpected(std::move(error)));
}

void AnswerReader::settle_overdue() {
  const Time now = std::chrono::steady_clock::now();
  Settled settled;
  state_.with([&](State& state) {
    if (now < state.next_due) return;
    state.next_due = Time::max();
    std::erase_if(state.open, [&](auto& numbered) {
      Open& open = numbered.second;
      if (now < open.until) {
        state.next_due = std::min(state.next_due, open.until);
        return false;
      }
      settled.emplace_back(std::move(open.question), Error{ErrorCode::kTimeout, "keyd: no answer in time"});
      return true;
    });
    // Nobody sends them, for as long as keyd is away.
    std::erase_if(state.unsent, [&](std::uint64_t number) { return !state.open.contains(number); });
  });
  for (auto& [question, error] : settled) question->settle(std::unexpected(std::move(error)));
}

void AnswerReader::settle_all() {
  const auto open = state_.with([](State& state) { return std::exchange(state.open, {}); });
  for (const auto& [number, asked] : open)
    asked.question->settle(fail(ErrorCode::kUnavailable, "keyd: the provider is being unloaded"));
}

}  // namespace privyseal::hsm
