/// Enrolment over Secure Transport (RFC 7030): the bodies, without HTTP and TLS. Both sides use it.
///
/// Pure. Threads: any.
#pragma once

#include <chrono>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "ca/certificate.h"

namespace privyseal::ca {

// RFC 7030 section 3.2.2.
inline constexpr std::string_view kEstCaCerts = "/.well-known/est/cacerts";
inline constexpr std::string_view kEstSimpleEnroll = "/.well-known/est/simpleenroll";
inline constexpr std::string_view kEstSimpleReenroll = "/.well-known/est/simplereenroll";
inline constexpr std::string_view kEstCsrAttrs = "/.well-known/est/csrattrs";
// RFC 7030 sections 4.2.1 and 4.2.3; the Content-Transfer-Encoding of both is "base64".
inline constexpr std::string_view kEstRequestType = "application/pkcs10";
inline constexpr std::string_view kEstCertificatesType = "application/pkcs7-mime";

inline constexpr std::size_t kMaxEstBodyBytes = 2 * kMaxCertificateInputBytes;
inline constexpr std::chrono::seconds kMinEstWait{1};
inline constexpr std::chrono::seconds kMaxEstWait{std::chrono::days{7}};
inline constexpr std::chrono::seconds kDefaultEstWait{std::chrono::minutes{10}};

/// A PKCS#10 request in PEM (what csr_pem gives) as DER. kInvalid: it is none.
[[nodiscard]] Result<Bytes> csr_der(std::string_view pem);

/// The body of simpleenroll and simplereenroll: base64 in lines of 76 (RFC 7030 section 4.2.1).
[[nodiscard]] std::string est_request_body(ByteView csr_der);
/// The server's side of it. kInvalid: too long, or not base64.
[[nodiscard]] Result<Bytes> parse_est_request_body(std::string_view body);

/// certs-only PKCS#7 in base64 lines (RFC 7030 sections 4.1.3 and 4.2.3).
[[nodiscard]] std::string est_certificates_body(std::span<const Certificate> certificates);

/// The header values of an HTTP answer that matter here; empty: absent.
struct EstHeaders {
  std::string content_type{};
  std::string retry_after{};  ///< seconds or an HTTP-date (RFC 9110 section 10.2.3)
};

/// 200: what came. Nothing about it is believed yet: see import_policy.h.
struct EstIssued {
  std::vector<Certificate> certificates;
};
/// 202 (RFC 7030 section 4.2.3), or 503 with Retry-After: ask again with the same request, not earlier.
struct EstWait {
  std::chrono::seconds retry_after;  ///< kMinEstWait to kMaxEstWait
};
struct EstRefused {
  int status;       ///< 0: the answer made no sense
  std::string why;  ///< for the operator; the peer's words are cut and made printable
  bool is_final;    ///< 4xx save 408 and 429: the same request will not succeed later
};
using EstAnswer = std::variant<EstIssued, EstWait, EstRefused>;

/// Total. `now` is for a Retry-After that names a date.
[[nodiscard]] EstAnswer parse_enroll_answer(int status, const EstHeaders& headers, ByteView body,
                                            WallTime now);

/// The answer to cacerts (RFC 7030 section 4.1.3). kInvalid, kUnavailable (not 200).
[[nodiscard]] Result<std::vector<Certificate>> parse_cacerts_answer(int status, const EstHeaders& headers,
                                                                    ByteView body);

}  // namespace privyseal::ca
