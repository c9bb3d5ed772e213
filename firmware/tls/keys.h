/// Whether the keys can be used right now, asked without making the loop wait.
#pragma once

#include <memory>

#include "firmware/tls/context.h"
#include "firmware/tls/net.h"

namespace privyseal::tls {

enum class Keys {
  kReady,
  kAway,  ///< keyd is not there, is not ready, or did not say so in time (250 ms)
  kBusy,  ///< so many handshakes of this loop wait for it that a further one would have to queue
};

/// For the check before a handshake is promised to a peer. On a thread without a JobPool it blocks.
[[nodiscard]] net::awaitable<Keys> ask_keys(std::shared_ptr<const Context> context);

}  // namespace privyseal::tls
