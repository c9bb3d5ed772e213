#include "tests/integration/signing_oracle.h"

#include <openssl/ocsp.h>
#include <openssl/sha.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <memory>
#include <regex>
#include <set>
#include <tuple>

#include "firmware/base/free.h"
#include "tests/support/token.h"

namespace privyseal::test {
namespace {

using hsm::KeyRole;

template <class T, auto Release>
using Owned = std::unique_ptr<T, Free<Release>>;

/// DER of one element with this content.
Bytes element(unsigned char tag, ByteView content) {
  Bytes der{static_cast<std::byte>(tag), std::byte{0x83}, static_cast<std::byte>(content.size() >> 16),
            static_cast<std::byte>(content.size() >> 8), static_cast<std::byte>(content.size())};
  append(der, content);
  return der;
}

/// `to_sign` as its type's whole: SEQUENCE { to_sign, ecdsa-with-SHA256, BIT STRING }. Null: OpenSSL cannot
/// read it, or not all of it.
template <class Object, auto Parse, auto Release>
Owned<Object, Release> whole(ByteView to_sign) {
  const std::string algorithm("\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x02", 12);
  const std::string signature("\x03\x02\x00\x00", 4);
  Bytes content = copy_of(to_sign);
  append(content, bytes_of(algorithm));
  append(content, bytes_of(signature));
  const Bytes der = element(0x30, content);
  const unsigned char* at = uchar(der);
  Owned<Object, Release> object(Parse(nullptr, &at, static_cast<long>(der.size())));
  return object && at == uchar(der) + der.size() ? std::move(object) : nullptr;
}

Bytes spki_of(const X509_PUBKEY* key) {
  unsigned char* der = nullptr;
  const int length = key == nullptr ? 0 : i2d_X509_PUBKEY(key, &der);
  if (length <= 0) return {};
  Bytes bytes = copy_of(std::as_bytes(std::span(der, static_cast<std::size_t>(length))));
  OPENSSL_free(der);
  return bytes;
}

bool is_request_of(const hsm::KeyInfo& key, ByteView info) {
  const auto request = whole<X509_REQ, d2i_X509_REQ, X509_REQ_free>(info);
  return request && X509_REQ_get_version(request.get()) == 0 &&
         spki_of(X509_REQ_get_X509_PUBKEY(request.get())) == key.public_key;
}

bool is_certificate_of(const hsm::KeyInfo& ca, ByteView tbs) {
  const auto certificate = whole<X509, d2i_X509, X509_free>(tbs);
  if (!certificate || X509_get_version(certificate.get()) != X509_VERSION_3) return false;
  const bool speaks_for_ca = spki_of(X509_get_X509_PUBKEY(certificate.get())) == ca.public_key;
  const bool is_ca = X509_check_ca(certificate.get()) != 0;
  const bool names_itself =
      X509_NAME_cmp(X509_get_subject_name(certificate.get()), X509_get_issuer_name(certificate.get())) == 0;
  const std::uint32_t usage = X509_get_key_usage(certificate.get());
  if (speaks_for_ca) return is_ca && names_itself && usage == (KU_KEY_CERT_SIGN | KU_CRL_SIGN);
  int days = 0;
  int seconds = 0;
  if (ASN1_TIME_diff(&days, &seconds, X509_get0_notBefore(certificate.get()),
                     X509_get0_notAfter(certificate.get())) != 1)
    return false;
  return !is_ca && usage == KU_DIGITAL_SIGNATURE && days <= 398 &&
         (X509_get_extended_key_usage(certificate.get()) & ~(XKU_SSL_SERVER | XKU_SSL_CLIENT)) == 0;
}

bool is_revocation_list(ByteView tbs) {
  const auto list = whole<X509_CRL, d2i_X509_CRL, X509_CRL_free>(tbs);
  return list && X509_CRL_get_version(list.get()) == X509_CRL_VERSION_2 &&
         X509_CRL_get0_nextUpdate(list.get()) != nullptr &&
         X509_CRL_get_ext_by_NID(list.get(), NID_crl_number, -1) >= 0 &&
         X509_CRL_get_ext_by_critical(list.get(), 1, -1) < 0;
}

/// SHA-1 of the key's bits; empty when `key` cannot be read.
std::string key_hash_of(const hsm::KeyInfo& key) {
  const unsigned char* at = uchar(key.public_key);
  const Owned<X509_PUBKEY, X509_PUBKEY_free> parsed(
      d2i_X509_PUBKEY(nullptr, &at, static_cast<long>(key.public_key.size())));
  const unsigned char* bits = nullptr;
  int length = 0;
  if (!parsed || X509_PUBKEY_get0_param(nullptr, &bits, &length, nullptr, parsed.get()) != 1) return {};
  std::string hash(SHA_DIGEST_LENGTH, '\0');
  SHA1(bits, static_cast<std::size_t>(length), reinterpret_cast<unsigned char*>(hash.data()));
  return hash;
}

std::string text_of_string(const ASN1_STRING* string) {
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(string)),
          static_cast<std::size_t>(ASN1_STRING_length(string))};
}

bool is_status_of(OCSP_SINGLERESP* single, const std::string& ca_key_hash) {
  ASN1_OCTET_STRING* issuer_key = nullptr;
  ASN1_OBJECT* hash = nullptr;
  OCSP_id_get0_info(nullptr, &hash, &issuer_key, nullptr,
                    const_cast<OCSP_CERTID*>(OCSP_SINGLERESP_get0_id(single)));
  if (OBJ_obj2nid(hash) == NID_sha1 && text_of_string(issuer_key) != ca_key_hash) return false;
  ASN1_GENERALIZEDTIME* begin = nullptr;
  ASN1_GENERALIZEDTIME* next = nullptr;
  OCSP_single_get0_status(single, nullptr, nullptr, &begin, &next);
  int days = 0;
  int seconds = 0;
  return next != nullptr && ASN1_TIME_diff(&days, &seconds, begin, next) == 1 && days >= 0 &&
         (days < 7 || (days == 7 && seconds == 0));
}

bool is_ocsp_response_of(const hsm::KeyInfo& ca, ByteView data) {
  const auto response = whole<OCSP_BASICRESP, d2i_OCSP_BASICRESP, OCSP_BASICRESP_free>(data);
  const ASN1_OCTET_STRING* responder = nullptr;
  const X509_NAME* name = nullptr;
  if (!response || OCSP_resp_get0_id(response.get(), &responder, &name) != 1 || responder == nullptr ||
      text_of_string(responder) != key_hash_of(ca))
    return false;
  for (int i = 0; i < OCSP_resp_count(response.get()); ++i)
    if (!is_status_of(OCSP_resp_get0(response.get(), i), key_hash_of(ca))) return false;
  return OCSP_resp_count(response.get()) > 0;
}

/// RFC 8422 section 5.4, by a server that could speak TLS 1.3.
bool is_key_exchange(const std::string& text) {
  const std::string head = text.size() > 68 ? text.substr(56, 10) : std::string();
  if (head != std::string("DOWNGRD\x01\x03\0", 10)) return false;
  const std::string curve = text.substr(66, 2);
  return (curve == "\x1d\x20" && text.size() == 100) ||
         (curve == "\x17\x41" && text.size() == 133 && text[68] == 4) ||
         (curve == "\x18\x61" && text.size() == 165 && text[68] == 4);
}

/// The daemon whose log it is; empty: it is no checkpoint.
std::string daemon_of_checkpoint(const std::string& text) {
  static const std::regex form("[a-zA-Z0-9.-]+/([a-z]+)\n[1-9][0-9]*\n[A-Za-z0-9+/]{43}=\n");
  std::smatch parts;
  return std::regex_match(text, parts, form) ? parts[1].str() : std::string();
}

/// "client", "server", or nothing.
std::string side_of_certificate_verify(const std::string& text) {
  for (const std::string side : {"client", "server"})
    for (const std::size_t hash : {32U, 48U}) {
      const std::string start = std::string(64, ' ') + "TLS 1.3, " + side + " CertificateVerify" + '\0';
      if (text.starts_with(start) && text.size() == start.size() + hash) return side;
    }
  return {};
}

using Right = std::tuple<uid_t, std::string, KeyRole>;

bool has(const std::string& what, uid_t uid, KeyRole role) {
  static const std::set<Right> rights{{kGatewayUid, "client", KeyRole::kCjsmIdentity},
                                      {kGatewayUid, "server", KeyRole::kCjsmIdentity},
                                      {kGatewayUid, "server", KeyRole::kLanIdentity},
                                      {kRenewalUid, "client", KeyRole::kCjsmIdentity},
                                      {kConsoleUid, "server", KeyRole::kConsoleIdentity},
                                      {kRenewalUid, "csr", KeyRole::kCjsmIdentity},
                                      {kRenewalUid, "csr", KeyRole::kLanIdentity},
                                      {kRenewalUid, "csr", KeyRole::kConsoleIdentity},
                                      {kProvisioningUid, "csr", KeyRole::kCjsmIdentity},
                                      {kProvisioningUid, "csr", KeyRole::kLanIdentity},
                                      {kProvisioningUid, "csr", KeyRole::kConsoleIdentity},
                                      {kRenewalUid, "certificate", KeyRole::kIssuingCa},
                                      {kRenewalUid, "crl", KeyRole::kIssuingCa},
                                      {kRenewalUid, "ocsp", KeyRole::kIssuingCa},
                                      {kGatewayUid, "tls12", kTls12Role},
                                      {kGatewayUid, "gatewayd", KeyRole::kAudit},
                                      {kRenewalUid, "renewd", KeyRole::kAudit},
                                      {kConsoleUid, "admind", KeyRole::kAudit},
                                      {kConsoleUid, "pack", KeyRole::kAudit},
                                      {kProvisioningUid, "pack", KeyRole::kAudit}};
  return rights.contains({uid, what, role});
}

}  // namespace

bool may_be_signed(uid_t uid, Signing kind, const hsm::KeyInfo& key, ByteView message) {
  const std::string text(text_of(message));
  switch (kind) {
    case Signing::kTls13:
      return has(side_of_certificate_verify(text), uid, key.role);
    case Signing::kCsr:
      return has("csr", uid, key.role) && is_request_of(key, message);
    case Signing::kCertificate:
      return has("certificate", uid, key.role) && is_certificate_of(key, message);
    case Signing::kCrl:
      return has("crl", uid, key.role) && is_revocation_list(message);
    case Signing::kOcsp:
      return has("ocsp", uid, key.role) && is_ocsp_response_of(key, message);
    case Signing::kTls12:
      return has("tls12", uid, key.role) && is_key_exchange(text);
    case Signing::kCheckpoint:
      return has(daemon_of_checkpoint(text), uid, key.role);
  }
  return false;
}

}  // namespace privyseal::test
