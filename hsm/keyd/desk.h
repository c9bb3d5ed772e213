/// Where requests are decided (`admit`) and, apart from that, done (`perform`).
///
/// Every refusal is logged, and counted for the key that it named.
///
/// Threads: any. Ownership: the KeyStore must outlive it.
#pragma once

#include "hsm/keyd/key_store.h"
#include "hsm/keyd/peer.h"
#include "hsm/keyd/policy.h"
#include "hsm/wire.h"

namespace privyseal::keyd {

/// Policy's yes to one request of one peer. Only Desk::admit makes one.
class Permit {
 public:
  [[nodiscard]] Operation operation() const { return operation_; }
  [[nodiscard]] const Peer& peer() const { return peer_; }
  /// The key that the request names; none when the operation is about no existing key.
  [[nodiscard]] const KeyRef& key() const { return key_; }

 private:
  friend class Desk;
  Permit(Operation operation, Peer peer, KeyRef key)
      : operation_(operation), peer_(peer), key_(std::move(key)) {}

  Operation operation_;
  Peer peer_;
  KeyRef key_;
};

class Desk {
 public:
  explicit Desk(KeyStore& keys) : keys_(keys) {}

  /// Asks nothing of the token.
  /// kDenied: the caller may not, or what is to be signed is no TLS 1.3 CertificateVerify input.
  /// kNotFound: the caller might, but there is no such key.
  [[nodiscard]] Result<Permit> admit(const Peer& peer, const hsm::Request& request);

  /// Does what was admitted, with the worker's session. `request` is the one that `permit` is for.
  [[nodiscard]] hsm::Answer perform(const Permit& permit, const hsm::Request& request, WorkSession& work);

 private:
  KeyStore& keys_;
};

}  // namespace privyseal::keyd
