/// A key that keyd holds, and how often it was used.
///
/// Threads: any. Name, role and public key never change; the rest is atomic.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>

#include "firmware/base/bytes.h"
#include "firmware/base/guarded.h"
#include "hsm/keyd/key_label.h"
#include "hsm/keyd/public_key.h"
#include "hsm/keyd/scheme.h"
#include "hsm/keyd/token_signature.h"
#include "hsm/keyd/work_session.h"
#include "hsm/pkcs11/session.h"

namespace privyseal::keyd {

class Key {
 public:
  Key(KeyLabel label, Bytes id, PublicKey public_key)
      : label_(std::move(label)), id_(std::move(id)), public_key_(std::move(public_key)) {}

  [[nodiscard]] const std::string& name() const { return label_.name; }
  [[nodiscard]] hsm::KeyRole role() const { return label_.role; }
  [[nodiscard]] const KeyLabel& label() const { return label_; }
  [[nodiscard]] const PublicKey& public_key() const { return public_key_; }
  [[nodiscard]] hsm::KeyInfo info() const;

  [[nodiscard]] const Bytes& id() const { return id_; }  ///< CKA_ID

  /// The signature of `message`, already verified with the public key: what a token gives back is not
  /// trusted. What may be signed is decided before (tls13.h, intent.h, policy.h), and with it the scheme.
  /// kUnavailable: the token could not sign, or signed wrongly. kTimeout: it was not there until the deadline
  /// of `work`. kNotFound: the key was retired.
  [[nodiscard]] Result<Bytes> sign(WorkSession& work, Scheme scheme, ByteView message);

  /// Signs and verifies a text that means nothing. As `sign`, else.
  [[nodiscard]] Result<void> self_test(WorkSession& work);

  /// From now on it signs nothing, whoever still holds it.
  void retire() { is_retired_ = true; }

  // Uses since the key was made; refusals since keyd started.
  std::atomic<std::uint64_t> tls_client_uses{0};
  std::atomic<std::uint64_t> tls_server_uses{0};
  std::atomic<std::uint64_t> csr_uses{0};
  std::atomic<std::uint64_t> certificate_uses{0};
  std::atomic<std::uint64_t> crl_uses{0};
  std::atomic<std::uint64_t> checkpoint_uses{0};
  std::atomic<std::uint64_t> ocsp_uses{0};
  std::atomic<std::uint64_t> tls12_server_uses{0};
  std::atomic<std::uint64_t> refusals{0};
  [[nodiscard]] hsm::KeyUses uses() const;
  /// Adds those of the runs before this one. Its refusals are left out.
  void add_uses(const hsm::KeyUses& earlier);

 private:
  /// Where the private key is on the token, and how long that is true.
  struct Found {
    std::uint64_t epoch;
    pkcs11::ObjectHandle object;
  };

  /// As the caller wants it, not yet verified.
  Result<Bytes> unverified_signature(WorkSession& work, Scheme scheme, ByteView message);
  /// Its handle in the session's epoch: found once, and kept. Not proved to be that of our key: the
  /// verification of each signature proves it.
  pkcs11::Outcome<pkcs11::ObjectHandle> locate(const pkcs11::Session& session, std::uint64_t epoch);
  /// The handle was another one than it is now.
  bool has_moved(WorkSession& work);

  const KeyLabel label_;
  const Bytes id_;
  const PublicKey public_key_;
  // Resolved when the key is loaded or made, never per signature: a search costs more than the
  // signature. A token that was lost makes handles stale; then it is found again by its id.
  Guarded<std::optional<Found>> found_;
  std::atomic<bool> is_retired_{false};
};

using KeyRef = std::shared_ptr<Key>;

}  // namespace privyseal::keyd
