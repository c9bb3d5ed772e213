#include "hsm/keyd/csr.h"

#include <openssl/err.h>
#include <openssl/x509.h>

#include <algorithm>
#include <memory>

#include "firmware/base/free.h"
#include "hsm/keyd/der.h"

namespace privyseal::keyd {
namespace {

using CertificationRequest = std::unique_ptr<X509_REQ, Free<X509_REQ_free>>;

constexpr std::size_t kMaxInfoBytes = 8192;

CertificationRequest parse(ByteView request_info) {
  // The signature algorithm means nothing here: only what is to be signed is looked at.
  const Bytes whole = with_empty_signature(request_info, hsm::KeyType::kEcP256);
  const unsigned char* at = uchar(whole);
  CertificationRequest request(d2i_X509_REQ(nullptr, &at, static_cast<long>(whole.size())));
  ERR_clear_error();  // the queue is the thread's, and nobody reads it
  return request;
}

/// The encoding is made anew from the parsed values and must be the same bytes.
bool has_one_spelling(X509_REQ* request, ByteView request_info) {
  unsigned char* der = nullptr;
  const int length = i2d_re_X509_REQ_tbs(request, &der);
  if (length <= 0) return false;
  const bool same =
      std::ranges::equal(std::as_bytes(std::span(der, static_cast<std::size_t>(length))), request_info);
  OPENSSL_free(der);
  return same;
}

bool is_for(X509_REQ* request, ByteView spki) {
  unsigned char* der = nullptr;
  const int length = i2d_X509_PUBKEY(X509_REQ_get_X509_PUBKEY(request), &der);
  if (length <= 0) return false;
  const bool same = std::ranges::equal(std::as_bytes(std::span(der, static_cast<std::size_t>(length))), spki);
  OPENSSL_free(der);
  return same;
}

}  // namespace

Result<void> check_request_info(ByteView request_info, ByteView spki) {
  constexpr long kVersion1 = 0;
  if (request_info.empty() || request_info.size() > kMaxInfoBytes || !is_der(request_info))
    return fail(ErrorCode::kInvalid, "certification request: not DER");
  const CertificationRequest request = parse(request_info);
  if (!request || X509_REQ_get_version(request.get()) != kVersion1 ||
      !has_one_spelling(request.get(), request_info))
    return fail(ErrorCode::kInvalid, "certification request: not a CertificationRequestInfo");
  if (!is_for(request.get(), spki))
    return fail(ErrorCode::kDenied, "certification request: it is for another public key");
  return {};
}

}  // namespace privyseal::keyd
