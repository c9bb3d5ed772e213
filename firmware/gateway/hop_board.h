/// What is known of the next hops of one direction: which may be tried now, and how many connections they
/// have.
///
/// Threads: any. Times are of the steady clock.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "firmware/base/guarded.h"
#include "firmware/base/host_port.h"
#include "firmware/gateway/breaker.h"
#include "firmware/gateway/settings.h"
#include "firmware/smtp/reply.h"

namespace privyseal::gateway {

class HopBoard {
 public:
  using Time = Breaker::Time;

  HopBoard(const std::vector<smtp::HopPlace>& hops, std::uint32_t max_connections_per_hop);

  /// One connection's place at one hop, given back at its end. The board must outlive it.
  class [[nodiscard]] Place {
   public:
    Place(Place&& other) noexcept
        : board_(std::exchange(other.board_, nullptr)), hop_(other.hop_), attempt_(other.attempt_) {}
    Place& operator=(Place&&) = delete;
    ~Place();

    /// The hop is ready for a mail.
    void succeeded();
    /// It is not, by its own fault; `why` is for people, `reply` for the senders that are turned away next.
    void failed(Time now, std::string why, smtp::Reply reply);

   private:
    friend class HopBoard;
    Place(HopBoard* board, std::size_t hop, Breaker::Try attempt)
        : board_(board), hop_(hop), attempt_(attempt) {}
    HopBoard* board_;
    std::size_t hop_;
    std::optional<Breaker::Try> attempt_;  // until its end is known
  };

  /// Nothing: the hop is paused, or has as many connections as it may have.
  [[nodiscard]] std::optional<Place> take(std::size_t hop, Time now);

  /// What senders hear while no hop may be tried: the last failure of the most preferred one. Nothing: one of
  /// them is not paused, but full.
  [[nodiscard]] std::optional<smtp::Reply> last_failure();

  struct Status {
    HostPort address;
    Breaker::State state = Breaker::State::kClosed;
    std::uint32_t connections = 0;
    int failures = 0;                              ///< in a row
    std::optional<std::chrono::seconds> paused{};  ///< for so long from now
    std::string why{};                             ///< of the last failure
  };
  [[nodiscard]] std::vector<Status> status(Time now);

  /// The most preferred hop that is left alone for now, in a sentence for people; empty: there is none.
  [[nodiscard]] std::string waits(Time now);

 private:
  struct Hop {
    HostPort address;
    Breaker breaker;
    std::uint32_t connections = 0;
    std::string why{};
    std::optional<smtp::Reply> reply{};
  };

  const std::uint32_t max_connections_per_hop_;
  Guarded<std::vector<Hop>> hops_;
};

}  // namespace privyseal::gateway
