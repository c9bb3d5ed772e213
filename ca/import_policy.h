/// May this certificate become ours? Every reason against it, in words for the administrator.
///
/// The chain is judged twice: by OpenSSL (strict, with the pinned roots as its only store) and by
/// mbed TLS (second_opinion.h). Neither is believed alone, and our own rules sit on top, because
/// both accept certificates that they should not.
///
/// Pure: the time comes in. Threads: any.
#pragma once

#include <chrono>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ca/certificate.h"

namespace privyseal::ca {

struct ImportRules {
  Bytes public_key{};                    ///< of our key: SubjectPublicKeyInfo, DER
  std::vector<std::string> dns_names{};  ///< each must stand in subjectAltName
  bool needs_server = true;              ///< EKU serverAuth
  bool needs_client = true;              ///< EKU clientAuth
  std::vector<Certificate> roots{};      ///< pinned, self-signed; the only ones that count
  std::string active_fingerprint{};      ///< Certificate::fingerprint of the active one; empty: none
  std::chrono::days warn_below{30};      ///< fewer days left than this: a warning, no refusal
};

/// How far another's clock may be ahead of ours.
inline constexpr std::chrono::minutes kClockSkew{5};

enum class Reason {
  kNoCertificate,     ///< nothing offered that could be ours
  kTwoLeaves,         ///< more than one certificate that is no CA's
  kWrongKey,          ///< made for another key
  kMissingName,       ///< a DNS name that we need is absent
  kNoSubjectAltName,  ///< no dNSName at all
  kNoRoots,           ///< no root is pinned
  kNotChained,        ///< does not lead to a pinned root, or an intermediate is missing
  kBadChain,          ///< a certificate on the way breaks a rule of RFC 5280
  kWrongPurpose,      ///< EKU is absent, is "any", or lacks a use that we need
  kNotVersion3,
  kIsCa,
  kBadSerial,      ///< not 1 to 20 octets and positive (RFC 5280 section 4.1.2.2)
  kWeakKey,        ///< not RSA >= 2048 in whole octets, P-256 or P-384
  kWeakSignature,  ///< SHA-1, MD5
  kExpired,
  kNotYetValid,    ///< by more than kClockSkew
  kDatesReversed,  ///< ends before it begins
  kSameAsActive,
  kSecondOpinion,  ///< mbed TLS reads it differently, or refuses it
  kExpiresSoon,    ///< a warning
};
/// For logs and JSON: "wrong-key".
[[nodiscard]] std::string_view to_string(Reason reason);

struct Finding {
  Reason code;
  std::string sentence;  ///< whole, plain, without trailing dot
  bool operator==(const Finding&) const = default;
};

struct Judgement {
  std::vector<Finding> refusals;  ///< empty: accepted
  std::vector<Finding> warnings;
  std::vector<Certificate> chain;  ///< when accepted: leaf first, without the root

  [[nodiscard]] bool is_accepted() const { return refusals.empty(); }
  /// All refusals in one line, for an Error's message.
  [[nodiscard]] std::string refusal_text() const;
};

[[nodiscard]] Judgement judge(const ImportRules& rules, std::span<const Certificate> offered, WallTime now);

}  // namespace privyseal::ca
