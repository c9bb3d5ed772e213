#include "hsm/keyd/csr.h"

#include <openssl/err.h>
#include <openssl/x509.h>

#include <algorithm>
#include <array>
#include <memory>
#include <optional>

namespace privyseal::keyd {
namespace {

template <class T, auto Free>
using Owned = std::unique_ptr<T, decltype([](T* object) { Free(object); })>;
using CertificationRequest = Owned<X509_REQ, X509_REQ_free>;

constexpr std::size_t kMaxInfoBytes = 8192;
constexpr int kMaxNesting = 32;

/// Takes one TLV off the front of `rest`; returns its tag, and its content in `content`.
/// Only the DER spelling passes: low tag numbers, definite and shortest lengths.
std::optional<std::byte> take_tlv(ByteView& rest, ByteView& content) {
  if (rest.size() < 2) return std::nullopt;
  const std::byte tag = rest[0];
  if ((tag & std::byte{0x1f}) == std::byte{0x1f}) return std::nullopt;
  auto length = std::to_integer<std::size_t>(rest[1]);
  rest = rest.subspan(2);
  if (length >= 0x80) {
    const std::size_t octets = length - 0x80;
    if (octets < 1 || octets > 2 || rest.size() < octets) return std::nullopt;
    length = 0;
    for (const std::byte octet : rest.first(octets))
      length = length << 8 | std::to_integer<std::size_t>(octet);
    if (length < 0x80 || (octets == 2 && length < 0x100)) return std::nullopt;
    rest = rest.subspan(octets);
  }
  if (length > rest.size()) return std::nullopt;
  content = rest.first(length);
  rest = rest.subspan(length);
  return tag;
}

/// OpenSSL keeps the bytes of a name as it read them, so that encoding again would not show
/// a second spelling inside one; therefore every length is looked at here.
bool is_der(ByteView rest, int nesting) {
  constexpr std::byte kConstructed{0x20};
  if (nesting > kMaxNesting) return false;
  while (!rest.empty()) {
    ByteView content;
    const auto tag = take_tlv(rest, content);
    if (!tag) return false;
    if ((*tag & kConstructed) != std::byte{} && !is_der(content, nesting + 1)) return false;
  }
  return true;
}

void append_tlv(Bytes& out, std::byte tag, ByteView content) {
  out.push_back(tag);
  const std::size_t length = content.size();
  if (length < 0x80) {
    out.push_back(static_cast<std::byte>(length));
  } else {
    out.push_back(std::byte{0x82});
    out.push_back(static_cast<std::byte>(length >> 8));
    out.push_back(static_cast<std::byte>(length & 0xff));
  }
  out.insert(out.end(), content.begin(), content.end());
}

/// OpenSSL has no accessors for a bare CertificationRequestInfo: it is read as a whole
/// request with an empty signature.
Bytes as_whole_request(ByteView request_info) {
  static constexpr auto kEcdsaWithSha256 =
      std::to_array<unsigned char>({0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02});
  static constexpr auto kEmptyBitString = std::to_array<unsigned char>({0x03, 0x01, 0x00});
  Bytes content = copy_of(request_info);
  const auto append = [&](ByteView bytes) { content.insert(content.end(), bytes.begin(), bytes.end()); };
  append(std::as_bytes(std::span(kEcdsaWithSha256)));
  append(std::as_bytes(std::span(kEmptyBitString)));
  Bytes whole;
  append_tlv(whole, std::byte{0x30}, content);
  return whole;
}

CertificationRequest parse(ByteView request_info) {
  const Bytes whole = as_whole_request(request_info);
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
  if (request_info.empty() || request_info.size() > kMaxInfoBytes || !is_der(request_info, 0))
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
