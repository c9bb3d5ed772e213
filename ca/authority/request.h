/// A PKCS#10 request from outside, read and verified: what an issuing CA decides upon.
///
/// Pure and total. Threads: any.
#pragma once

#include <string>
#include <vector>

#include "ca/authority/profile.h"
#include "ca/certificate.h"
#include "firmware/base/bytes.h"
#include "firmware/base/result.h"

namespace privyseal::authority {

inline constexpr std::size_t kMaxRequestBytes = 16'384;

struct CertificateRequest {
  Bytes public_key;                    ///< SubjectPublicKeyInfo, DER
  std::string common_name;             ///< UTF-8; empty: none
  std::string organisation;            ///< UTF-8; empty: none
  std::vector<std::string> dns_names;  ///< asked for in subjectAltName, lower case
};

/// The common name for the certificate: the one asked for, else the first host name, if it fits.
[[nodiscard]] std::string common_name_for(const CertificateRequest& request);

/// Whether a certificate made from `request` would be for whom `current` is: the same common name,
/// organisation and host names (RFC 7030 section 4.2.2).
[[nodiscard]] bool is_for_the_same(const CertificateRequest& request, const ca::Certificate& current);

/// kInvalid: not one DER request; not signed by its own key (proof of possession, RFC 2986
/// section 3); a key that is not RSA >= 2048, P-256 or P-384; a digest weaker than SHA-256; names
/// that no certificate may carry; SAN entries that are no dNSName. Other extensions that are asked
/// for are ignored: the CA alone chooses them.
[[nodiscard]] Result<CertificateRequest> parse_request(ByteView der);

/// Whether `profile` lets this request through. kDenied says every reason.
[[nodiscard]] Result<void> check_request(const CertificateRequest& request, const Profile& profile,
                                         const std::vector<std::string>& domains);

}  // namespace privyseal::authority
