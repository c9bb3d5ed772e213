/// What all sessions share, and how many of them there are.
///
/// Threads: every member may be used from any loop; what is not const is atomic or locked.
#pragma once

#include <atomic>
#include <set>

#include "firmware/base/clock.h"
#include "firmware/gateway/lanes.h"
#include "firmware/gateway/ledger.h"
#include "firmware/gateway/settings.h"
#include "firmware/policy/route.h"
#include "firmware/tls/stream.h"

namespace privyseal::gateway {

struct Service {
  const Settings& settings;
  const policy::Route& route;
  const Clock& clock;
  Ledger& ledger;
  Lanes& lanes;
  std::atomic<bool> draining = false;  ///< set once: no new mail, open ones are finished
  std::atomic<std::uint32_t> sessions = 0;
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
