/// The working part of AsyncClient: one connection to keyd, the questions that are open on it,
/// and the thread that hears the answers.
///
/// A question's number is never used twice; the wire carries its lower 32 bits, and as all open
/// numbers lie closer together than that, an answer fits exactly one of them, or none.
///
/// Threads: ask() and open_questions() from any; the rest is the reader's own thread.
/// Askers write to the socket themselves, under the lock; only the thread opens, reads and closes it.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <map>
#include <thread>
#include <vector>

#include "firmware/base/guarded.h"
#include "firmware/base/unique_fd.h"
#include "hsm/async_client.h"

namespace privyseal::hsm {

class AnswerReader {
 public:
  using Time = std::chrono::steady_clock::time_point;

  /// Starts the thread. Throws std::system_error when there cannot be one.
  AnswerReader(std::filesystem::path socket, std::size_t most_open);
  ~AnswerReader();
  AnswerReader(const AnswerReader&) = delete;
  AnswerReader& operator=(const AnswerReader&) = delete;

  /// Sends the request under a number of its own, now or as soon as there is a connection.
  [[nodiscard]] Result<QuestionRef> ask(Request request, std::chrono::milliseconds within, Wake wake);
  [[nodiscard]] std::size_t open_questions();

 private:
  struct Open {
    QuestionRef question;
    Bytes message;
    Time until;
    int sent = 0;  // on how many connections
  };
  struct State {
    UniqueFd connection{};
    uid_t user = 0;  // who the process was when it connected: so keyd sees it
    std::uint64_t last_number = 0;
    std::map<std::uint64_t, Open> open{};
    std::deque<std::uint64_t> unsent{};
    Time next_due = Time::max();  // no open question is due before it
    bool asleep = false;          // the thread looks again only when it is woken
    bool stopping = false;
  };
  /// What the thread waits for, decided under the lock.
  struct Plan {
    bool stopping;
    bool connect;
    int connection;
    short events;
    int timeout_ms;
  };
  /// Questions to be settled once the lock is free.
  using Settled = std::vector<std::pair<QuestionRef, Error>>;

  void run();
  Plan plan(bool was_quiet);
  /// A process that gave up root would otherwise stay root to keyd.
  void leave_connection_of_another_user();
  void try_to_connect();
  void read_answers(int connection);
  void take_answer(Result<Answer> answer);
  void lose_connection(const Error& why, bool may_repeat);
  void settle_overdue();
  void settle_all();

  static bool is_another_users(const State& state);
  static bool send_now(State& state, Open& open);
  static void send_waiting(State& state);

  const std::filesystem::path socket_;
  const std::size_t most_open_;
  const UniqueFd wake_;
  Guarded<State> state_;
  Bytes buffer_ = Bytes(kMaxMessageBytes);
  Time connect_again_{};  // not before
  std::thread thread_;    // last: it uses all the others
};

}  // namespace privyseal::hsm
