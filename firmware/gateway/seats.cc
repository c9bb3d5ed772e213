#include "firmware/gateway/seats.h"

namespace privyseal::gateway {

std::optional<Seats::Seat> Seats::take(const boost::asio::ip::address& client) {
  const bool is_taken = taken_.with([&](auto& taken) {
    std::uint32_t& count = taken[client];
    if (count >= max_per_client_) return false;
    ++count;
    return true;
  });
  if (!is_taken) return std::nullopt;
  return Seat(this, client);
}

Seats::Seat::~Seat() {
  if (seats_ == nullptr) return;
  seats_->taken_.with([&](auto& taken) {
    const auto entry = taken.find(client_);
    if (--entry->second == 0) taken.erase(entry);
  });
}

}  // namespace privyseal::gateway
