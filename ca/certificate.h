/// X.509 certificates as values: read out of what somebody sent, and then only looked at.
///
/// Outside bytes become certificates in this one place, whatever they came as: PEM with text
/// around it, DER, or a certs-only PKCS#7 (DER, PEM, or bare base64 as EST gives it).
///
/// Pure: no key, no socket, no file. Threads: any. Ownership: a Certificate owns all it says.
#pragma once

#include <compare>
#include <span>
#include <string>
#include <vector>

#include "firmware/base/bytes.h"
#include "firmware/base/clock.h"
#include "firmware/base/result.h"

namespace privyseal::ca {

inline constexpr std::size_t kMaxCertificateInputBytes = 65'536;
inline constexpr std::size_t kMaxCertificates = 8;  ///< in one input

enum class CertificateKey { kOther, kRsa, kEcP256, kEcP384 };

/// extendedKeyUsage (RFC 5280 section 4.2.1.12).
struct ExtendedKeyUsage {
  bool is_present = false;
  bool server = false;  ///< serverAuth
  bool client = false;  ///< clientAuth
  bool any = false;     ///< anyExtendedKeyUsage
  bool operator==(const ExtendedKeyUsage&) const = default;
};

struct Certificate {
  Bytes der;
  int version = 0;      ///< 1 to 3, as people count
  std::string subject;  ///< RFC 2253 text, for people: compare names by DER, not by this
  std::string issuer;
  std::string serial;               ///< hexadecimal, two digits an octet; "-" in front when negative
  std::size_t serial_octets = 0;    ///< of its DER content
  bool serial_is_positive = false;  ///< zero is not
  WallTime not_before{};
  WallTime not_after{};
  Bytes public_key;  ///< SubjectPublicKeyInfo, DER
  CertificateKey key = CertificateKey::kOther;
  int key_bits = 0;
  std::string signature_algorithm;     ///< OpenSSL's name, "ecdsa-with-SHA256"
  std::string signature_hash;          ///< "SHA256"; empty: unknown
  std::vector<std::string> dns_names;  ///< subjectAltName's dNSNames, lower case, in their order
  ExtendedKeyUsage extended_key_usage;
  bool is_ca = false;
  bool is_self_issued = false;  ///< subject and issuer are the same name
  std::string fingerprint;      ///< SHA-256 of the DER, hexadecimal
  bool operator==(const Certificate&) const = default;
};

/// "RSA 2048", "EC P-256": for people.
[[nodiscard]] std::string key_text(const Certificate& certificate);

/// All certificates in `outside`, in their order. Total: any bytes give a value or kInvalid.
/// kInvalid: too long, none inside, more than kMaxCertificates, one that is not DER through and
/// through, one that says something twice or has names that hold NUL, or a private key beside
/// them (it must never have come here).
[[nodiscard]] Result<std::vector<Certificate>> parse_certificates(ByteView outside);

/// One certificate, DER and nothing else: for what we stored ourselves.
[[nodiscard]] Result<Certificate> parse_certificate(ByteView der);

[[nodiscard]] std::string to_pem(const Certificate& certificate);
[[nodiscard]] std::string to_pem(std::span<const Certificate> chain);

}  // namespace privyseal::ca
