#include "hsm/keyd/ocsp.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ocsp.h>
#include <openssl/x509.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <memory>
#include <optional>

#include "firmware/base/check.h"
#include "firmware/base/free.h"
#include "hsm/keyd/der.h"
#include "hsm/keyd/x509_rules.h"

namespace privyseal::keyd {
namespace {

using Response = std::unique_ptr<OCSP_BASICRESP, Free<OCSP_BASICRESP_free>>;
using PublicKeyInfo = std::unique_ptr<X509_PUBKEY, Free<X509_PUBKEY_free>>;

constexpr std::size_t kMaxResponseBytes = 8192;
constexpr int kMostCertificates = 32;
constexpr std::size_t kMostSerialOctets = 20;
constexpr std::chrono::seconds kMostUntilNext = std::chrono::days(7);
constexpr std::size_t kMostNonceBytes = 32;

std::unexpected<Error> malformed(const std::string& what) {
  return fail(ErrorCode::kInvalid, "OCSP response: " + what);
}
std::unexpected<Error> denied(const std::string& what) {
  return fail(ErrorCode::kDenied, "OCSP response: " + what);
}

ByteView view_of(const ASN1_STRING* string) {
  return std::as_bytes(
      std::span(ASN1_STRING_get0_data(string), static_cast<std::size_t>(ASN1_STRING_length(string))));
}

template <auto Encode, class T>
Bytes encoded(T* object) {
  unsigned char* der = nullptr;
  const int length = Encode(object, &der);
  if (length <= 0) return {};
  Bytes bytes = copy_of(std::as_bytes(std::span(der, static_cast<std::size_t>(length))));
  OPENSSL_free(der);
  return bytes;
}

/// A hash that names issuers in a CertID, with the DER of its AlgorithmIdentifier.
struct IssuerHash {
  const char* digest;
  std::size_t size;
  ByteView algorithm;
};

const IssuerHash& sha1_hash() {  // no signature hangs on it: it tells one CA from another
  static constexpr auto kDer =
      std::to_array<unsigned char>({0x30, 0x09, 0x06, 0x05, 0x2b, 0x0e, 0x03, 0x02, 0x1a, 0x05, 0x00});
  static const IssuerHash kHash{.digest = "SHA1", .size = 20, .algorithm = std::as_bytes(std::span(kDer))};
  return kHash;
}

const IssuerHash& sha256_hash() {
  static constexpr auto kDer = std::to_array<unsigned char>(
      {0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00});
  static const IssuerHash kHash{.digest = "SHA256", .size = 32, .algorithm = std::as_bytes(std::span(kDer))};
  return kHash;
}

/// Of the public key's bits, without the BIT STRING around them (RFC 6960 section 4.1.1). Empty: no such key.
Bytes key_hash(ByteView spki, const IssuerHash& hash) {
  const unsigned char* at = uchar(spki);
  const PublicKeyInfo key(d2i_X509_PUBKEY(nullptr, &at, static_cast<long>(spki.size())));
  const unsigned char* bits = nullptr;
  int length = 0;
  if (!key || X509_PUBKEY_get0_param(nullptr, &bits, &length, nullptr, key.get()) != 1) return {};
  Bytes digest(hash.size);
  CHECK(EVP_Q_digest(nullptr, hash.digest, "provider=default", bits, static_cast<std::size_t>(length),
                     uchar(std::span(digest)), nullptr) == 1);
  return digest;
}

/// Seconds, in UTC, and no fraction (RFC 5280 section 4.1.2.5.2, which RFC 6960 takes over).
bool is_time(const ASN1_GENERALIZEDTIME* time) {
  constexpr int kLength = 15;  // YYYYMMDDHHMMSSZ
  return time != nullptr && ASN1_STRING_type(time) == V_ASN1_GENERALIZEDTIME &&
         ASN1_STRING_length(time) == kLength && ASN1_STRING_get0_data(time)[kLength - 1] == 'Z' &&
         ASN1_GENERALIZEDTIME_check(time) == 1;
}

/// Both must be times.
std::optional<std::chrono::seconds> between(const ASN1_GENERALIZEDTIME* from,
                                            const ASN1_GENERALIZEDTIME* to) {
  int days = 0;
  int seconds = 0;
  if (ASN1_TIME_diff(&days, &seconds, from, to) != 1) return std::nullopt;
  return std::chrono::days(days) + std::chrono::seconds(seconds);
}

bool is_not_after(const ASN1_GENERALIZEDTIME* one, const ASN1_GENERALIZEDTIME* other) {
  const auto gap = between(one, other);
  return gap && *gap >= std::chrono::seconds(0);
}

Result<void> check_certificate_id(OCSP_CERTID* id, ByteView spki) {
  ASN1_OCTET_STRING* issuer_name = nullptr;
  ASN1_OCTET_STRING* issuer_key = nullptr;
  ASN1_INTEGER* serial = nullptr;
  OCSP_id_get0_info(&issuer_name, nullptr, &issuer_key, &serial, id);
  const Bytes der = encoded<i2d_OCSP_CERTID>(id);
  const ByteView content = content_of_sequence(der);
  const auto begins_with = [&](const IssuerHash& hash) {
    return content.size() > hash.algorithm.size() &&
           std::ranges::equal(content.first(hash.algorithm.size()), hash.algorithm);
  };
  const IssuerHash* hash = begins_with(sha1_hash())     ? &sha1_hash()
                           : begins_with(sha256_hash()) ? &sha256_hash()
                                                        : nullptr;
  if (hash == nullptr) return denied("it names an issuer by another hash than SHA-1 and SHA-256");
  if (view_of(issuer_name).size() != hash->size) return malformed("the hash of an issuer's name is none");
  if (!std::ranges::equal(view_of(issuer_key), key_hash(spki, *hash)))
    return denied("it is about a certificate of another CA");
  const auto octets = positive_octets(serial);
  if (!octets || *octets > kMostSerialOctets) return denied("it is about a serial number that is none");
  return {};
}

/// True: revoked.
Result<bool> check_status(OCSP_SINGLERESP* single, const ASN1_GENERALIZEDTIME* produced) {
  int reason = 0;
  ASN1_GENERALIZEDTIME* revoked = nullptr;
  ASN1_GENERALIZEDTIME* begin = nullptr;
  ASN1_GENERALIZEDTIME* next = nullptr;
  const int status = OCSP_single_get0_status(single, &reason, &revoked, &begin, &next);
  if (next == nullptr) return denied("it has no nextUpdate");
  if (!is_time(begin) || !is_time(next)) return malformed("its times are malformed");
  const auto until_next = between(begin, next);
  if (!until_next || *until_next <= std::chrono::seconds(0) || *until_next > kMostUntilNext)
    return denied("its nextUpdate is more than 7 days off, or not after thisUpdate");
  if (!is_not_after(begin, produced) || is_not_after(next, produced))
    return denied("it was not produced between thisUpdate and nextUpdate");
  if (status != V_OCSP_CERTSTATUS_REVOKED) return false;
  if (!is_time(revoked)) return malformed("a revocation time is malformed");
  if (!is_not_after(revoked, begin)) return denied("a certificate is to be revoked later than now");
  return true;
}

Result<void> check_extensions_of(OCSP_BASICRESP* response) {
  const int count = OCSP_BASICRESP_get_ext_count(response);
  if (count == 0) return {};
  X509_EXTENSION* nonce = OCSP_BASICRESP_get_ext(response, 0);
  if (count > 1 || OBJ_obj2nid(X509_EXTENSION_get_object(nonce)) != NID_id_pkix_OCSP_Nonce ||
      X509_EXTENSION_get_critical(nonce) != 0)
    return denied("it has another extension than one nonce");
  const ByteView content = view_of(X509_EXTENSION_get_data(nonce));
  constexpr std::byte kOctetString{0x04};
  if (content.size() < 3 || content.size() > kMostNonceBytes + 2 || content[0] != kOctetString ||
      std::to_integer<std::size_t>(content[1]) != content.size() - 2)
    return denied("its nonce is not of 1 to 32 bytes");
  return {};
}

Result<bool> check_single(OCSP_BASICRESP* response, int at, ByteView spki) {
  OCSP_SINGLERESP* single = OCSP_resp_get0(response, at);
  auto* id = const_cast<OCSP_CERTID*>(OCSP_SINGLERESP_get0_id(single));  // i2d and get0_info take it so
  if (auto held = check_certificate_id(id, spki); !held) return std::unexpected(held.error());
  for (int earlier = 0; earlier < at; ++earlier)
    if (OCSP_id_cmp(OCSP_SINGLERESP_get0_id(OCSP_resp_get0(response, earlier)), id) == 0)
      return denied("it says something about a certificate twice");
  if (OCSP_SINGLERESP_get_ext_count(single) != 0) return denied("a status has an extension");
  return check_status(single, OCSP_resp_get0_produced_at(response));
}

Result<OcspFacts> check_parsed(OCSP_BASICRESP* response, ByteView response_data, ByteView spki) {
  const Bytes again = encoded<i2d_OCSP_RESPDATA>(OCSP_resp_get0_respdata(response));
  if (!std::ranges::equal(again, response_data)) return malformed("not a ResponseData in DER");
  constexpr std::byte kByKey{0xa2};
  if (content_of_sequence(response_data)[0] != kByKey)
    return denied("its responder is not named by key, or it is not of version 1");
  const ASN1_OCTET_STRING* responder = nullptr;
  const X509_NAME* name = nullptr;
  if (OCSP_resp_get0_id(response, &responder, &name) != 1 || responder == nullptr ||
      !std::ranges::equal(view_of(responder), key_hash(spki, sha1_hash())))
    return denied("its responder is not this CA");
  if (!is_time(OCSP_resp_get0_produced_at(response))) return malformed("producedAt is malformed");
  if (auto held = check_extensions_of(response); !held) return std::unexpected(held.error());
  const int count = OCSP_resp_count(response);
  if (count < 1 || count > kMostCertificates) return denied("it is not about 1 to 32 certificates");
  OcspFacts facts{.certificates = static_cast<std::size_t>(count), .revoked = 0};
  for (int at = 0; at < count; ++at) {
    const auto is_revoked = check_single(response, at, spki);
    if (!is_revoked) return std::unexpected(is_revoked.error());
    if (*is_revoked) ++facts.revoked;
  }
  return facts;
}

}  // namespace

Result<OcspFacts> check_response_data(ByteView response_data, hsm::KeyType type, ByteView spki) {
  if (response_data.size() > kMaxResponseBytes || !is_der(response_data) ||
      content_of_sequence(response_data).empty())
    return malformed("not DER");
  const Bytes whole = with_empty_signature(response_data, type);
  const unsigned char* at = uchar(whole);
  const Response response(d2i_OCSP_BASICRESP(nullptr, &at, static_cast<long>(whole.size())));
  auto facts = response && at == uchar(whole) + whole.size()
                   ? check_parsed(response.get(), response_data, spki)
                   : malformed("not a ResponseData");
  ERR_clear_error();  // the queue is the thread's, and nobody reads it
  return facts;
}

}  // namespace privyseal::keyd
