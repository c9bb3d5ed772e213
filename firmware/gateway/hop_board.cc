#include "firmware/gateway/hop_board.h"

#include <format>

#include "firmware/base/log.h"

namespace privyseal::gateway {

HopBoard::HopBoard(const std::vector<smtp::HopPlace>& hops, std::uint32_t max_connections_per_hop)
    : max_connections_per_hop_(max_connections_per_hop) {
  hops_.with([&](std::vector<Hop>& all) {
    const bool is_choice = hops.size() > 1;
    for (const smtp::HopPlace& hop : hops)
      all.push_back({.address = hop.address, .breaker = Breaker(is_choice)});
  });
}

std::optional<HopBoard::Place> HopBoard::take(std::size_t hop, Time now) {
  return hops_.with([&](std::vector<Hop>& all) -> std::optional<Place> {
    Hop& one = all.at(hop);
    if (one.connections >= max_connections_per_hop_) return std::nullopt;
    const auto attempt = one.breaker.may_try(now);
    if (!attempt) return std::nullopt;
    ++one.connections;
    return Place(this, hop, *attempt);
  });
}

HopBoard::Place::~Place() {
  if (board_ == nullptr) return;
  board_->hops_.with([&](std::vector<Hop>& all) {
    Hop& one = all[hop_];
    --one.connections;
    if (attempt_) one.breaker.give_back(*attempt_);
  });
}

void HopBoard::Place::succeeded() {
  attempt_.reset();
  const auto [was_open, address] = board_->hops_.with([&](std::vector<Hop>& all) {
    Hop& one = all[hop_];
    const bool was_paused = one.breaker.opens_until().has_value();
    one.breaker.succeed();
    return std::pair(was_paused, was_paused ? one.address.text() : std::string());
  });
  if (was_open) log_event(LogLevel::kNotice, "next-hop-back", {{"hop", address}});
}

void HopBoard::Place::failed(Time now, std::string why, smtp::Reply reply) {
  if (!attempt_) return;
  const auto [is_open, address] = board_->hops_.with([&](std::vector<Hop>& all) {
    Hop& one = all[hop_];
    one.why = std::move(why);
    one.reply = std::move(reply);
    const bool was_open = one.breaker.opens_until().has_value();
    return std::pair(one.breaker.fail(*attempt_, now) && !was_open, one.address.text());
  });
  attempt_.reset();
  if (is_open) log_event(LogLevel::kWarning, "next-hop-paused", {{"hop", address}});
}

std::optional<smtp::Reply> HopBoard::last_failure() {
  return hops_.with([](std::vector<Hop>& all) -> std::optional<smtp::Reply> {
    for (const Hop& one : all)
      if (!one.breaker.opens_until()) return std::nullopt;
    return all.front().reply;
  });
}

std::vector<HopBoard::Status> HopBoard::status(Time now) {
  return hops_.with([&](std::vector<Hop>& all) {
    std::vector<Status> status;
    for (const Hop& one : all) {
      Status& told = status.emplace_back(Status{.address = one.address,
                                                .state = one.breaker.state(now),
                                                .connections = one.connections,
                                                .failures = one.breaker.failures(),
                                                .why = one.breaker.failures() == 0 ? "" : one.why});
      if (told.state == Breaker::State::kOpen)
        told.paused = std::chrono::ceil<std::chrono::seconds>(*one.breaker.opens_until() - now);
    }
    return status;
  });
}

static_assert(Breaker::kLongestPause <= std::chrono::seconds(30), "what people are told");

std::string HopBoard::waits(Time now) {
  for (const Status& hop : status(now))
    if (hop.state != Breaker::State::kClosed)
      return std::format(
          "{} failed {} times in a row ({}): it is left alone, and tried again within half a minute",
          hop.address.text(), hop.failures, hop.why);
  return {};
}

}  // namespace privyseal::gateway
