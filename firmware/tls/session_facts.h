/// What is known of one TLS session after its handshake: the evidence that goes into the ledger.
#pragma once

#include <openssl/types.h>

#include <chrono>
#include <cstdint>
#include <string>

#include "firmware/base/result.h"

namespace privyseal::tls {

struct SessionFacts {
  std::string version;  ///< "TLSv1.3"
  std::string group;    ///< key agreement, "X25519"
  std::string suite;    ///< "TLS_AES_256_GCM_SHA384"
  bool resumed = false;
  std::string peer_subject;  ///< RFC 2253; empty when the peer showed no certificate
  std::string peer_issuer;   ///< RFC 2253
  std::string peer_serial;   ///< hexadecimal
  /// The first 16 bytes of SHA-256 over the TLS exporter (RFC 8446 section 7.5; label
  /// "EXPORTER-appliance-audit", no context, 32 bytes), hexadecimal. Both ends of a session can
  /// compute it, no other session has it, and it tells nothing about the session's keys.
  std::string session_id;
  std::uint32_t signatures = 0;  ///< that our side made in the handshake (CertificateVerify, sent)
  std::chrono::milliseconds handshake_took{};  ///< from its first byte until it was done
};

[[nodiscard]] Result<SessionFacts> facts_of(SSL* session);

/// Why a handshake failed, for the log and the ledger: "expired", "wrong-name", "untrusted-issuer",
/// "revoked", "no-certificate", or the library's reason.
[[nodiscard]] std::string handshake_failure(SSL* session);

}  // namespace privyseal::tls
