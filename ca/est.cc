#include "ca/est.h"

#include <openssl/err.h>
#include <openssl/pem.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <sstream>

#include "ca/der.h"
#include "ca/openssl.h"
#include "firmware/base/base64.h"
#include "firmware/base/check.h"

namespace privyseal::ca {
namespace {

constexpr std::size_t kMaxRequestBytes = 16'384;
constexpr std::size_t kMaxPeerWords = 200;

constexpr int kOk = 200;
constexpr int kAccepted = 202;
constexpr int kRequestTimeout = 408;
constexpr int kTooManyRequests = 429;
constexpr int kServiceUnavailable = 503;

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

/// Whether a Content-Type names `type`, whatever its parameters.
bool is_type(std::string_view content_type, std::string_view type) {
  std::string_view name = content_type.substr(0, content_type.find(';'));
  while (name.ends_with(' ') || name.ends_with('\t')) name.remove_suffix(1);
  return std::ranges::equal(name, type, {}, lower);
}

/// What the peer said in clear text, cut and with nothing in it that could disturb a log line.
std::string peer_words(const EstHeaders& headers, ByteView body) {
  if (!is_type(headers.content_type, "text/plain")) return {};
  std::string words = ": ";
  for (const char c : text_of(body).substr(0, kMaxPeerWords)) words += c >= ' ' && c < 0x7f ? c : ' ';
  while (words.ends_with(' ')) words.pop_back();
  return words == ":" ? std::string() : words;
}

std::optional<std::chrono::seconds> seconds_in(std::string_view text) {
  std::uint32_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (end != text.data() + text.size() || text.empty()) return std::nullopt;
  if (error == std::errc::result_out_of_range) return kMaxEstWait;
  return error == std::errc() ? std::optional(std::chrono::seconds(number)) : std::nullopt;
}

/// IMF-fixdate (RFC 9110 section 5.6.7); the obsolete forms are not taken.
std::optional<std::chrono::seconds> seconds_until(const std::string& date, WallTime now) {
  std::istringstream in(date.substr(0, 64));
  std::chrono::sys_seconds when;
  in >> std::chrono::parse("%a, %d %b %Y %H:%M:%S GMT", when);
  if (in.fail()) return std::nullopt;
  return std::chrono::ceil<std::chrono::seconds>(when - now);
}

EstWait wait_of(const EstHeaders& headers, WallTime now) {
  auto wait = seconds_in(headers.retry_after);
  if (!wait) wait = seconds_until(headers.retry_after, now);
  return {std::clamp(wait.value_or(kDefaultEstWait), kMinEstWait, kMaxEstWait)};
}

Result<std::vector<Certificate>> certificates_of(const EstHeaders& headers, ByteView body) {
  if (!is_type(headers.content_type, kEstCertificatesType))
    return fail(ErrorCode::kInvalid, "EST: the answer is not of type " + std::string(kEstCertificatesType));
  if (body.size() > kMaxEstBodyBytes) return fail(ErrorCode::kInvalid, "EST: the answer is too long");
  // Some servers answer in DER for all that RFC 7030 says; parse_certificates takes both.
  auto decoded = from_base64_lines(text_of(body));
  auto certificates = parse_certificates(decoded ? ByteView(*decoded) : body);
  if (!certificates) return fail("EST", certificates.error());
  return certificates;
}

bool may_succeed_later(int status) {
  return status < 400 || status >= 500 || status == kRequestTimeout || status == kTooManyRequests;
}

}  // namespace

Result<Bytes> csr_der(std::string_view pem) {
  if (pem.size() > kMaxRequestBytes) return fail(ErrorCode::kInvalid, "certificate request: too long");
  const BioPtr memory(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  const RequestPtr request(PEM_read_bio_X509_REQ(memory.get(), nullptr, nullptr, nullptr));
  ERR_clear_error();
  if (request == nullptr) return fail(ErrorCode::kInvalid, "certificate request: not one in PEM");
  return der_of(request.get(), i2d_X509_REQ);
}

std::string est_request_body(ByteView csr_der) { return to_base64_lines(csr_der, kMimeLines); }

Result<Bytes> parse_est_request_body(std::string_view body) {
  if (body.size() > 2 * kMaxRequestBytes) return fail(ErrorCode::kInvalid, "EST: the request is too long");
  auto der = from_base64_lines(body);
  if (!der) return fail("EST", der.error());
  if (der->empty() || der->size() > kMaxRequestBytes)
    return fail(ErrorCode::kInvalid, "EST: the request is empty or too long");
  return der;
}

std::string est_certificates_body(std::span<const Certificate> certificates) {
  const Pkcs7Ptr pkcs7(PKCS7_new());
  CHECK(pkcs7 != nullptr && PKCS7_set_type(pkcs7.get(), NID_pkcs7_signed) == 1 &&
        PKCS7_content_new(pkcs7.get(), NID_pkcs7_data) == 1 && PKCS7_set_detached(pkcs7.get(), 1) == 1);
  for (const Certificate& certificate : certificates) {
    const unsigned char* at = uchar(certificate.der);
    const CertificatePtr x509(d2i_X509(nullptr, &at, static_cast<long>(certificate.der.size())));
    CHECK(x509 != nullptr && PKCS7_add_certificate(pkcs7.get(), x509.get()) == 1);
  }
  return to_base64_lines(der_of(pkcs7.get(), i2d_PKCS7), kMimeLines);
}

EstAnswer parse_enroll_answer(int status, const EstHeaders& headers, ByteView body, WallTime now) {
  if (status == kAccepted || (status == kServiceUnavailable && !headers.retry_after.empty()))
    return wait_of(headers, now);
  if (status == kOk) {
    auto certificates = certificates_of(headers, body);
    if (certificates) return EstIssued{std::move(*certificates)};
    return EstRefused{0, certificates.error().message, false};
  }
  if (status < 100 || status > 599)
    return EstRefused{0, "EST: the answer has no status that HTTP knows", false};
  return EstRefused{status, "the EST server answered " + std::to_string(status) + peer_words(headers, body),
                    !may_succeed_later(status)};
}

Result<std::vector<Certificate>> parse_cacerts_answer(int status, const EstHeaders& headers, ByteView body) {
  if (status != kOk)
    return fail(ErrorCode::kUnavailable, "EST: cacerts was answered with " + std::to_string(status));
  return certificates_of(headers, body);
}

}  // namespace privyseal::ca
