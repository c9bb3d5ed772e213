/// How long a client may take, and how much of our patience it may use: a table by how full the gateway is.
///
/// When nearly all places are taken, those who do nothing with theirs must give them up; the times are then
/// short, but long enough for any mail server that is awake. Otherwise they are those of RFC 5321
/// section 4.5.3.2.
///
/// Pure.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace privyseal::gateway {

struct Pace {
  std::chrono::seconds command;             ///< from our reply to the end of the client's next line
  std::chrono::seconds body_block;          ///< between two parts of a body
  std::uint64_t min_body_bytes_per_second;  ///< on average, once `body_block` has passed
  std::size_t max_bad_commands;
  std::size_t max_idle_commands;
};

/// Of the two rows of the settings, the one for a gateway with so many sessions, this one among them.
struct PaceTable {
  Pace usual{.command = std::chrono::seconds(300),
             .body_block = std::chrono::seconds(180),
             .min_body_bytes_per_second = 500,
             .max_bad_commands = 10,
             .max_idle_commands = 100};
  Pace stress{.command = std::chrono::seconds(20),
              .body_block = std::chrono::seconds(30),
              .min_body_bytes_per_second = 5000,
              .max_bad_commands = 3,
              .max_idle_commands = 20};
  [[nodiscard]] const Pace& at(std::uint32_t sessions, std::uint32_t max_sessions) const;
};

/// Says how long may be waited for the next bytes of a body. Only waiting for the client counts, not for the
/// next hop.
class BodyClock {
 public:
  using Duration = std::chrono::steady_clock::duration;

  explicit BodyClock(const Pace& pace) : pace_(pace) {}

  /// Zero or less: the client is too slow.
  [[nodiscard]] Duration may_wait() const;
  void waited(Duration time, std::uint64_t for_bytes);

 private:
  Pace pace_;
  Duration waited_{};
  std::uint64_t bytes_ = 0;
};

}  // namespace privyseal::gateway
