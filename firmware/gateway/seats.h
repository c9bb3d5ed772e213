/// How many connections each client has, so that no client can take the places of all others.
///
/// Threads: any.
#pragma once

#include <boost/asio/ip/address.hpp>
#include <cstdint>
#include <map>
#include <optional>
#include <utility>

#include "firmware/base/guarded.h"

namespace privyseal::gateway {

class Seats {
 public:
  explicit Seats(std::uint32_t max_per_client) : max_per_client_(max_per_client) {}

  /// One connection's place; given back at its end. The Seats must outlive it.
  class Seat {
   public:
    Seat(Seat&& other) noexcept
        : seats_(std::exchange(other.seats_, nullptr)), client_(std::move(other.client_)) {}
    Seat& operator=(Seat&&) = delete;
    ~Seat();

   private:
    friend class Seats;
    Seat(Seats* seats, boost::asio::ip::address client) : seats_(seats), client_(std::move(client)) {}
    Seats* seats_;
    boost::asio::ip::address client_;
  };

  /// Nothing: this client has as many as it may have.
  [[nodiscard]] std::optional<Seat> take(const boost::asio::ip::address& client);

 private:
  const std::uint32_t max_per_client_;
  Guarded<std::map<boost::asio::ip::address, std::uint32_t>> taken_;  // no client without a connection
};

}  // namespace privyseal::gateway
