/// A keyd that does what a test wants: answers, lies, keeps silent, hangs up.
///
/// It listens from construction to destruction; constructing another one on the
/// same path is a restart.
///
/// Threads: `behaviour` runs on the fake's own thread; the members on the test's.
#pragma once

#include <atomic>
#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <thread>
#include <variant>
#include <vector>

#include "firmware/base/guarded.h"
#include "firmware/base/unique_fd.h"
#include "hsm/wire.h"

namespace privyseal::test {

class FakeKeyd {
 public:
  struct Silence {};
  struct HangUp {};
  /// Any number of messages, all at once after a while; other requests are served meanwhile.
  struct Later {
    std::chrono::milliseconds after{0};
    std::vector<Bytes> messages{};
  };
  /// Bytes go out as they are.
  using Reply = std::variant<hsm::Answer, Bytes, Later, Silence, HangUp>;
  using Behaviour = std::function<Reply(const hsm::Request&)>;

  FakeKeyd(const std::filesystem::path& socket, Behaviour behaviour);
  ~FakeKeyd();
  FakeKeyd(const FakeKeyd&) = delete;
  FakeKeyd& operator=(const FakeKeyd&) = delete;

  [[nodiscard]] int connections() const { return connections_; }  ///< accepted so far
  [[nodiscard]] std::vector<hsm::Request> requests();             ///< received so far

 private:
  using Time = std::chrono::steady_clock::time_point;

  void serve();
  void send_what_is_due();
  [[nodiscard]] int milliseconds_left() const;
  bool serve_one(int connection);  // false: hang up

  const Behaviour behaviour_;
  UniqueFd listener_;
  UniqueFd stop_;
  std::atomic<int> connections_ = 0;
  Guarded<std::vector<hsm::Request>> requests_;
  std::multimap<Time, std::pair<int, std::vector<Bytes>>> later_;  // by connection; the thread's own
  std::thread thread_;                                             // last: it uses all the others
};

/// The usual case: a body for each request, under the request's own id.
template <class Body>
hsm::Answer answer_to(const hsm::Request& request, Body body) {
  return hsm::Answer{request.id, std::move(body)};
}

}  // namespace privyseal::test
