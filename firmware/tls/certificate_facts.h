/// What people call a certificate: the same texts in the ledger, the status and the log.
///
/// Threads: any.
#pragma once

#include <openssl/types.h>

#include <string>

namespace privyseal::tls {

struct CertificateFacts {
  std::string subject;      ///< RFC 2253
  std::string issuer;       ///< RFC 2253
  std::string serial;       ///< hexadecimal, as OpenSSL's BN_bn2hex writes it
  std::string not_after;    ///< RFC 3339, UTC
  std::string fingerprint;  ///< SHA-256, lower-case hexadecimal
};

[[nodiscard]] CertificateFacts facts_of(const X509* certificate);

[[nodiscard]] std::string to_text(const X509_NAME* name);  ///< RFC 2253
/// RFC 3339, UTC. Empty: it is no time.
[[nodiscard]] std::string to_text(const ASN1_TIME* time);

}  // namespace privyseal::tls
