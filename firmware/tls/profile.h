/// The one table of what TLS may be here; contexts of every side and direction take it from this file.
#pragma once

#include <openssl/ssl.h>

#include <cstdint>

#include "firmware/base/result.h"

namespace privyseal::tls {

struct Profile {
  int min_version;
  int max_version;
  const char* suites;      ///< TLS 1.3 names, best first
  const char* old_suites;  ///< TLS 1.2 names; null: never spoken
  const char* groups;      ///< key agreement, best first; of those with a star a client sends a share at once
  const char* signatures;  ///< accepted from peers, and offered
  std::uint64_t options;   ///< SSL_OP_*
};

/// Key agreement for peers, or boxes on the way to them, that do not bear the large first message that
/// X25519MLKEM768 makes.
inline constexpr const char* kClassicGroups = "X25519:P-256";

/// Of OpenSSL, for every profile: keys and signatures in a chain have 112 bits of strength at least
/// (RSA-2048, no SHA-1), whatever the system's openssl.cnf says.
inline constexpr int kSecurityLevel = 2;

/// TLS 1.3 only, forward secrecy always, and nothing that would let a session be used twice:
/// no tickets, no cache, no early data ("session keys are established for each transaction").
inline constexpr Profile kProfile{
    .min_version = TLS1_3_VERSION,
    .max_version = TLS1_3_VERSION,
    .suites = "TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256",
    .old_suites = nullptr,
    // With ML-KEM what is recorded today stays closed to a quantum computer of tomorrow. The second share
    // saves the round trip with peers that know no ML-KEM.
    .groups = "*X25519MLKEM768:*X25519:P-256",
    .signatures =
        "ecdsa_secp256r1_sha256:ecdsa_secp384r1_sha384:ed25519:"
        "rsa_pss_rsae_sha256:rsa_pss_rsae_sha384:rsa_pss_rsae_sha512",
    // Certificate compression costs more CPU per handshake than the bytes it saves.
    .options = SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
               SSL_OP_NO_TX_CERTIFICATE_COMPRESSION | SSL_OP_NO_RX_CERTIFICATE_COMPRESSION,
};

/// Towards enrolment servers only, which may speak TLS 1.2: forward secrecy and authenticated encryption
/// there too. It carries requests and certificates, which are public, and at most a password for asking.
inline constexpr Profile kEnrolmentProfile{
    .min_version = TLS1_2_VERSION,
    .max_version = TLS1_3_VERSION,
    .suites = kProfile.suites,
    .old_suites =
        "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:"
        "ECDHE-RSA-CHACHA20-POLY1305:ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256",
    .groups = kClassicGroups,
    .signatures = kProfile.signatures,
    .options = kProfile.options,
};

/// For old clients that the settings except (gateway/tls12_exception.h): they come, we show a certificate.
inline constexpr Profile kOldClientProfile = kEnrolmentProfile;

/// For old servers that the settings except; we show no certificate there. Windows signs TLS 1.2 with RSA in
/// the old padding only.
inline constexpr Profile kOldServerProfile{
    .min_version = kEnrolmentProfile.min_version,
    .max_version = kEnrolmentProfile.max_version,
    .suites = kEnrolmentProfile.suites,
    .old_suites = kEnrolmentProfile.old_suites,
    .groups = kEnrolmentProfile.groups,
    .signatures =
        "ecdsa_secp256r1_sha256:ecdsa_secp384r1_sha384:ed25519:"
        "rsa_pss_rsae_sha256:rsa_pss_rsae_sha384:rsa_pss_rsae_sha512:rsa_pkcs1_sha256:rsa_pkcs1_sha384",
    .options = kEnrolmentProfile.options,
};

/// kInvalid: this OpenSSL does not know a name of the table.
[[nodiscard]] Result<void> apply(const Profile& profile, SSL_CTX* context);

}  // namespace privyseal::tls
