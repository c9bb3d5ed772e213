#include "hsm/keyd/crl.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <memory>

#include "firmware/base/free.h"
#include "hsm/keyd/der.h"
#include "hsm/keyd/x509_rules.h"

namespace privyseal::keyd {
namespace {

using CertificateList = std::unique_ptr<X509_CRL, Free<X509_CRL_free>>;
using Integer = std::unique_ptr<ASN1_INTEGER, Free<ASN1_INTEGER_free>>;

constexpr std::size_t kMostSerialOctets = 20;
constexpr int kMostNumberOctets = 20;  // RFC 5280 section 5.2.3
constexpr std::chrono::days kMostUntilNext{40};
constexpr std::array kUnderstood{NID_crl_number, NID_authority_key_identifier};
constexpr std::array kUnderstoodInEntries{NID_crl_reason, NID_invalidity_date};

std::unexpected<Error> malformed(const std::string& what) {
  return fail(ErrorCode::kInvalid, "CRL: " + what);
}
std::unexpected<Error> denied(const std::string& what) { return fail(ErrorCode::kDenied, "CRL: " + what); }

bool has_one_spelling(X509_CRL* list, ByteView tbs) {
  unsigned char* der = nullptr;
  const int length = i2d_re_X509_CRL_tbs(list, &der);
  if (length <= 0) return false;
  const bool same = std::ranges::equal(std::as_bytes(std::span(der, static_cast<std::size_t>(length))), tbs);
  OPENSSL_free(der);
  return same;
}

/// Version 2, then the CA key's algorithm: OpenSSL shows only the algorithm outside of what is signed.
bool begins_rightly(ByteView tbs, hsm::KeyType type) {
  constexpr std::array kVersion2{std::byte{0x02}, std::byte{0x01}, std::byte{0x01}};
  Bytes begin = copy_of(kVersion2);
  append(begin, signature_algorithm_of(type));
  const ByteView content = content_of_sequence(tbs);
  return content.size() > begin.size() && std::ranges::equal(content.first(begin.size()), begin);
}

bool has_critical(const STACK_OF(X509_EXTENSION) * extensions) {
  return X509v3_get_ext_by_critical(extensions, 1, -1) >= 0;
}

Result<std::size_t> check_entries(X509_CRL* list) {
  STACK_OF(X509_REVOKED)* entries = X509_CRL_get_REVOKED(list);
  const int count = std::max(sk_X509_REVOKED_num(entries), 0);
  for (int i = 0; i < count; ++i) {
    const X509_REVOKED* entry = sk_X509_REVOKED_value(entries, i);
    const auto serial = positive_octets(X509_REVOKED_get0_serialNumber(entry));
    if (!serial || *serial > kMostSerialOctets) return denied("it revokes a serial number that is none");
    const ASN1_TIME* date = X509_REVOKED_get0_revocationDate(entry);
    if (!time_between(date, date)) return malformed("a revocation date is malformed");
    const STACK_OF(X509_EXTENSION)* extensions = X509_REVOKED_get0_extensions(entry);
    if (has_critical(extensions)) return denied("an entry has a critical extension");
    if (auto held = check_extensions(extensions, kUnderstoodInEntries); !held)
      return malformed("in an entry: " + held.error().message);
  }
  return static_cast<std::size_t>(count);
}

Result<CrlFacts> check_parsed(X509_CRL* list, ByteView tbs, hsm::KeyType type) {
  if (!has_one_spelling(list, tbs)) return malformed("not a TBSCertList in DER");
  if (!begins_rightly(tbs, type))
    return denied("it is not of version 2 or its algorithm is not the CA key's");
  if (X509_NAME_entry_count(X509_CRL_get_issuer(list)) == 0) return denied("it names no issuer");
  if (X509_CRL_get0_nextUpdate(list) == nullptr) return denied("it has no nextUpdate");
  const auto until_next = time_between(X509_CRL_get0_lastUpdate(list), X509_CRL_get0_nextUpdate(list));
  if (!until_next) return malformed("its times are malformed");
  if (*until_next <= std::chrono::seconds(0) || *until_next > kMostUntilNext)
    return denied("its nextUpdate is more than 40 days off, or not after thisUpdate");
  if (has_critical(X509_CRL_get0_extensions(list))) return denied("it has a critical extension");
  if (auto held = check_extensions(X509_CRL_get0_extensions(list), kUnderstood); !held)
    return malformed(held.error().message);
  const Integer number(
      static_cast<ASN1_INTEGER*>(X509_CRL_get_ext_d2i(list, NID_crl_number, nullptr, nullptr)));
  if (!number || ASN1_STRING_type(number.get()) != V_ASN1_INTEGER ||
      ASN1_STRING_length(number.get()) > kMostNumberOctets)
    return denied("it has no CRL number");
  const auto entries = check_entries(list);
  if (!entries) return std::unexpected(entries.error());
  return CrlFacts{.number = hex_of(number.get()), .entries = *entries};
}

}  // namespace

Result<CrlFacts> check_tbs_cert_list(ByteView tbs, hsm::KeyType type) {
  if (tbs.empty() || tbs.size() > hsm::kMaxMessageBytes || !is_der(tbs)) return malformed("not DER");
  const Bytes whole = with_empty_signature(tbs, type);
  const unsigned char* at = uchar(whole);
  const CertificateList list(d2i_X509_CRL(nullptr, &at, static_cast<long>(whole.size())));
  auto facts = list && at == uchar(whole) + whole.size() ? check_parsed(list.get(), tbs, type)
                                                         : malformed("not a TBSCertList");
  ERR_clear_error();  // the queue is the thread's, and nobody reads it
  return facts;
}

}  // namespace privyseal::keyd
