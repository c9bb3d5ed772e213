/// Policy's yes to one request of one peer. Only Desk::admit makes one.
///
/// Threads: as its owner. Ownership: shares the key.
#pragma once

#include "hsm/keyd/key.h"
#include "hsm/keyd/peer.h"
#include "hsm/keyd/policy.h"

namespace privyseal::keyd {

class Permit {
 public:
  [[nodiscard]] Operation operation() const { return operation_; }
  [[nodiscard]] const Peer& peer() const { return peer_; }
  /// The key that the request names; none when the operation is about no key in use.
  [[nodiscard]] const KeyRef& key() const { return key_; }

 private:
  friend class Desk;
  Permit(Operation operation, Peer peer, KeyRef key)
      : operation_(operation), peer_(peer), key_(std::move(key)) {}

  Operation operation_;
  Peer peer_;
  KeyRef key_;
};

}  // namespace privyseal::keyd
