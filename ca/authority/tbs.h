/// What a CA signs: the DER of a TBSCertificate and of a TBSCertList, and, with the signature,
/// the certificate and the CRL.
///
/// Pure: randomness and time come in. Threads: any. All errors are kInvalid unless said.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "firmware/base/bytes.h"
#include "firmware/base/clock.h"
#include "firmware/base/result.h"

namespace privyseal::authority {

/// Positive, and of full length: the first octet lies in 0x40 to 0x7f.
using Serial = std::array<std::byte, 16>;
/// 126 random bits. kUnavailable: the system has none.
[[nodiscard]] Result<Serial> new_serial();

struct DistinguishedName {
  std::string common_name{};
  std::string organisation{};  ///< empty: left out
};

struct IssuerFacts {
  DistinguishedName name{};
  Bytes public_key{};  ///< SubjectPublicKeyInfo, DER; P-256 or P-384
};

struct CertificateFacts {
  Serial serial{};
  DistinguishedName subject{};
  WallTime not_before{};
  WallTime not_after{};
  Bytes public_key{};
  std::vector<std::string> dns_names{};  ///< empty: subjectAltName holds the subject as a directoryName
  bool server = false;
  bool client = false;
  bool is_ca = false;  ///< then pathlen 0, keyCertSign and cRLSign, and no EKU
};

/// RFC 5280 section 4.1, version 3, with basicConstraints, keyUsage, extendedKeyUsage,
/// subjectAltName, subjectKeyIdentifier and authorityKeyIdentifier.
[[nodiscard]] Result<Bytes> tbs_certificate(const IssuerFacts& issuer, const CertificateFacts& facts);

/// CRLReason (RFC 5280 section 5.3.1), those that we use.
enum class Revocation {
  kUnspecified = 0,
  kKeyCompromise = 1,
  kAffiliationChanged = 3,
  kSuperseded = 4,
  kCessationOfOperation = 5,
};

struct RevokedCertificate {
  Bytes serial{};  ///< big-endian, positive
  WallTime at{};
  Revocation reason = Revocation::kUnspecified;
};

/// So many that the list is one message to keyd.
inline constexpr std::size_t kMaxRevoked = 300;

struct CrlFacts {
  std::uint64_t number = 0;  ///< grows with every CRL (RFC 5280 section 5.2.3)
  WallTime this_update{};
  WallTime next_update{};
  std::vector<RevokedCertificate> revoked{};
};

/// RFC 5280 section 5.1, version 2.
[[nodiscard]] Result<Bytes> tbs_crl(const IssuerFacts& issuer, const CrlFacts& facts);

/// `tbs` as it was signed, with the algorithm of the issuer's key and the signature: a whole
/// Certificate or CertificateList. kInvalid: the signature is not the issuer's over `tbs`.
[[nodiscard]] Result<Bytes> finish_certificate(ByteView tbs, ByteView signature, ByteView issuer_public_key);
[[nodiscard]] Result<Bytes> finish_crl(ByteView tbs, ByteView signature, ByteView issuer_public_key);

}  // namespace privyseal::authority
