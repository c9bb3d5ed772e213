/// What all sessions share, and how many of them there are.
///
/// Threads: every member may be used from any loop; what is not const is atomic or locked.
#pragma once

#include <atomic>
#include <set>

#include "firmware/base/clock.h"
#include "firmware/gateway/clear_hosts.h"
#include "firmware/gateway/firewall_watch.h"
#include "firmware/gateway/hop_board.h"
#include "firmware/gateway/lanes.h"
#include "firmware/gateway/ledger.h"
#include "firmware/gateway/meter.h"
#include "firmware/gateway/rule_book.h"
#include "firmware/gateway/seats.h"
#include "firmware/gateway/settings.h"
#include "firmware/policy/route.h"
#include "firmware/smtp/client_dialogue.h"
#include "firmware/smtp/server_session.h"
#include "firmware/tls/stream.h"

namespace privyseal::gateway {

/// What the next hops of one direction said in their last EHLO, which is what we can offer to the next
/// sender.
class HopMemory {
 public:
  /// The size is the preferred hop's alone: by another one's, senders would give up mails for good that it
  /// takes as soon as it is back.
  void note(const smtp::Extensions& offered, std::uint64_t max_message_bytes, bool is_preferred) {
    if (is_preferred) max_message_bytes_ = max_message_bytes;
    dsn_ = offered.dsn;
  }
  [[nodiscard]] smtp::ServerSession::NextHopOffer offer() const {
    return {.max_size_bytes = max_message_bytes_, .dsn = dsn_};
  }

 private:
  std::atomic<std::uint64_t> max_message_bytes_ = 0;  // 0: no limit known
  std::atomic<bool> dsn_ = false;
};

struct Service {
  const Settings& settings;
  const policy::Route& route;
  const Clock& clock;
  const Clock& forward_clock;  ///< forward_clock.h: for the end of exceptions
  Ledger& ledger;
  Lanes& lanes;
  RuleBook& book;
  FirewallWatch& firewall;
  Seats seats;
  HopBoard relays;
  HopBoard mail_servers;
  Meter meter{};
  ClearUses clear_uses{};
  std::atomic<bool> draining = false;  ///< set once: no new mail, open ones are finished
  std::atomic<std::uint32_t> sessions = 0;
  std::atomic<std::uint32_t> sessions_in = 0;  ///< those of them that are CJSM's
  HopMemory relay{};                           ///< where mail out goes
  HopMemory mail_server{};                     ///< where mail in goes

  [[nodiscard]] const Pace& pace() const {
    return settings.limits.pace.at(sessions, settings.limits.max_connections);
  }
  HopBoard& board_of(Direction direction) { return direction == Direction::kOut ? relays : mail_servers; }
  HopMemory& hop_of(Direction direction) { return direction == Direction::kOut ? relay : mail_server; }
};

/// The streams of one loop that wait for a command; they are woken when the service drains.
///
/// Threads: its loop only.
class Waiting {
 public:
  void add(tls::Stream& stream) { streams_.insert(&stream); }
  void remove(tls::Stream& stream) { streams_.erase(&stream); }
  void interrupt_all() {
    for (tls::Stream* stream : streams_) stream->interrupt();
  }

 private:
  std::set<tls::Stream*> streams_;
};

}  // namespace privyseal::gateway
