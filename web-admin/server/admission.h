/// Which connections are let in, so that strangers cannot lock the administrators out.
///
/// At most so many from one address and so many in all; the last of them are kept for addresses from which
/// somebody is signed in.
///
/// Pure. Threads: one.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>

namespace privyseal::web {

class Admission {
 public:
  using Time = std::chrono::steady_clock::time_point;
  struct Limits {
    std::uint32_t per_source = 8;
    std::uint32_t total = 64;
    std::uint32_t reserve = 16;  ///< of the total, for sources of somebody who is signed in
    std::chrono::minutes remembered{10};
  };

  Admission() = default;
  explicit Admission(Limits limits) : limits_(limits) {}

  /// True: it is let in, and `leave` must follow.
  [[nodiscard]] bool enter(const std::string& source, Time now);
  void leave(const std::string& source);
  /// Somebody there is signed in now.
  void signed_in(const std::string& source, Time now);

 private:
  struct Source {
    std::uint32_t connections = 0;
    Time signed_in_until = Time::min();
  };

  Limits limits_{};
  std::uint32_t total_ = 0;
  std::map<std::string, Source> sources_;
};

}  // namespace privyseal::web
