#include "hsm/keyd/certificate.h"

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

using Certificate = std::unique_ptr<X509, Free<X509_free>>;
using BasicConstraints = std::unique_ptr<BASIC_CONSTRAINTS, Free<BASIC_CONSTRAINTS_free>>;
using BitString = std::unique_ptr<ASN1_BIT_STRING, Free<ASN1_BIT_STRING_free>>;
using KeyPurposes = std::unique_ptr<EXTENDED_KEY_USAGE, Free<EXTENDED_KEY_USAGE_free>>;
using Names = std::unique_ptr<GENERAL_NAMES, Free<GENERAL_NAMES_free>>;

constexpr std::size_t kMaxTbsBytes = 8192;
constexpr std::size_t kLeastSerialOctets = 8;
constexpr std::size_t kMostSerialOctets = 20;
constexpr int kLeastSecurityBits = 112;  // RSA 2048, P-224
constexpr std::chrono::days kMostEndEntity{398};
constexpr std::chrono::days kMostRoot{20 * 365 + 5};
constexpr std::array kUnderstood{NID_basic_constraints,       NID_key_usage,
                                 NID_ext_key_usage,           NID_subject_alt_name,
                                 NID_subject_key_identifier,  NID_authority_key_identifier,
                                 NID_crl_distribution_points, NID_info_access,
                                 NID_certificate_policies};

// Numbers of the bits of keyUsage (RFC 5280 section 4.2.1.3).
constexpr unsigned kDigitalSignature = 1U << 0;
constexpr unsigned kKeyCertSign = 1U << 5;
constexpr unsigned kCrlSign = 1U << 6;

std::unexpected<Error> malformed(const std::string& what) {
  return fail(ErrorCode::kInvalid, "certificate: " + what);
}
std::unexpected<Error> denied(const std::string& what) {
  return fail(ErrorCode::kDenied, "certificate: " + what);
}

template <class Owner>
Owner extension_of(const X509* certificate, int nid) {
  return Owner(static_cast<typename Owner::pointer>(X509_get_ext_d2i(certificate, nid, nullptr, nullptr)));
}

bool is_critical(const X509* certificate, int nid) {
  const int at = X509_get_ext_by_NID(certificate, nid, -1);
  return at >= 0 && X509_EXTENSION_get_critical(X509_get_ext(certificate, at)) != 0;
}

/// A bit for each use; none at all when the extension is missing.
unsigned key_usage_of(const X509* certificate) {
  const auto usage = extension_of<BitString>(certificate, NID_key_usage);
  unsigned bits = 0;
  constexpr int kBits = 9;
  for (int i = 0; usage && i < kBits; ++i)
    if (ASN1_BIT_STRING_get_bit(usage.get(), i) == 1) bits |= 1U << static_cast<unsigned>(i);
  return bits;
}

bool is_for(const X509* certificate, ByteView spki) {
  unsigned char* der = nullptr;
  const int length = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &der);
  if (length <= 0) return false;
  const bool same = std::ranges::equal(std::as_bytes(std::span(der, static_cast<std::size_t>(length))), spki);
  OPENSSL_free(der);
  return same;
}

/// The same key in whatever spelling: a point may be compressed, say.
bool is_same_key(const X509* certificate, ByteView spki) {
  const unsigned char* at = uchar(spki);
  const std::unique_ptr<EVP_PKEY, Free<EVP_PKEY_free>> own(
      d2i_PUBKEY(nullptr, &at, static_cast<long>(spki.size())));
  const EVP_PKEY* key = X509_get0_pubkey(certificate);
  return own == nullptr || (key != nullptr && EVP_PKEY_eq(key, own.get()) == 1);
}

/// The encoding is made anew from the parsed values and must be the same bytes.
bool has_one_spelling(X509* certificate, ByteView tbs) {
  unsigned char* der = nullptr;
  const int length = i2d_re_X509_tbs(certificate, &der);
  if (length <= 0) return false;
  const bool same = std::ranges::equal(std::as_bytes(std::span(der, static_cast<std::size_t>(length))), tbs);
  OPENSSL_free(der);
  return same;
}

Result<void> check_form(X509* certificate, ByteView tbs, hsm::KeyType type) {
  constexpr long kVersion3 = 2;
  if (!has_one_spelling(certificate, tbs)) return malformed("not a TBSCertificate in DER");
  if (X509_get_version(certificate) != kVersion3) return malformed("it is not of version 3");
  const auto serial = positive_octets(X509_get0_serialNumber(certificate));
  if (!serial || *serial < kLeastSerialOctets || *serial > kMostSerialOctets)
    return denied("its serial number is not positive and of 8 to 20 octets");
  if (!is_signature_algorithm_of(X509_get0_tbs_sigalg(certificate), type))
    return denied("its algorithm is not the CA key's");
  const ASN1_BIT_STRING* issuer_id = nullptr;
  const ASN1_BIT_STRING* subject_id = nullptr;
  X509_get0_uids(certificate, &issuer_id, &subject_id);
  if (issuer_id != nullptr || subject_id != nullptr) return denied("it has a unique id");
  if (X509_NAME_entry_count(X509_get_issuer_name(certificate)) == 0) return denied("it names no issuer");
  if (auto held = check_extensions(X509_get0_extensions(certificate), kUnderstood); !held)
    return malformed(held.error().message);
  return {};
}

Result<void> check_validity(const X509* certificate, std::chrono::days most) {
  const auto validity = time_between(X509_get0_notBefore(certificate), X509_get0_notAfter(certificate));
  if (!validity) return malformed("its validity is malformed");
  if (*validity <= std::chrono::seconds(0) || *validity > most)
    return denied("it is to be valid for more than " + std::to_string(most.count()) + " days, or for none");
  return {};
}

Result<void> check_own_root(const X509* certificate, const BASIC_CONSTRAINTS& constraints) {
  if (X509_NAME_cmp(X509_get_subject_name(certificate), X509_get_issuer_name(certificate)) != 0)
    return denied("it is for the CA's own key but not self-issued");
  if (constraints.ca == 0 || constraints.pathlen == nullptr || ASN1_INTEGER_get(constraints.pathlen) != 0 ||
      !is_critical(certificate, NID_basic_constraints))
    return denied("a root needs critical basicConstraints with CA:TRUE and path length 0");
  if (key_usage_of(certificate) != (kKeyCertSign | kCrlSign))
    return denied("a root's key usage is keyCertSign and cRLSign");
  if (X509_get_ext_by_NID(certificate, NID_ext_key_usage, -1) >= 0)
    return denied("a root has no extended key usage");
  return check_validity(certificate, kMostRoot);
}

Result<void> check_end_entity(const X509* certificate, const BASIC_CONSTRAINTS& constraints) {
  if (constraints.ca != 0 || constraints.pathlen != nullptr)
    return denied("another key than this CA's is not to be a CA");
  if (key_usage_of(certificate) != kDigitalSignature)
    return denied("an end entity's key usage is digitalSignature alone");
  const auto purposes = extension_of<KeyPurposes>(certificate, NID_ext_key_usage);
  if (!purposes || sk_ASN1_OBJECT_num(purposes.get()) == 0) return denied("it has no extended key usage");
  for (int i = 0; i < sk_ASN1_OBJECT_num(purposes.get()); ++i) {
    const int purpose = OBJ_obj2nid(sk_ASN1_OBJECT_value(purposes.get(), i));
    if (purpose != NID_server_auth && purpose != NID_client_auth)
      return denied("its extended key usage is more than serverAuth and clientAuth");
  }
  const auto names = extension_of<Names>(certificate, NID_subject_alt_name);
  if (!names || sk_GENERAL_NAME_num(names.get()) == 0) return denied("it has no subjectAltName");
  const EVP_PKEY* key = X509_get0_pubkey(certificate);
  if (key == nullptr || EVP_PKEY_get_security_bits(key) < kLeastSecurityBits)
    return denied("its public key is unknown or too weak");
  return check_validity(certificate, kMostEndEntity);
}

Result<CertificateFacts> check_parsed(X509* certificate, ByteView tbs, hsm::KeyType type, ByteView spki) {
  if (auto held = check_form(certificate, tbs, type); !held) return std::unexpected(held.error());
  const auto constraints = extension_of<BasicConstraints>(certificate, NID_basic_constraints);
  if (!constraints) return denied("it has no basicConstraints");
  const auto kind = is_for(certificate, spki) ? CertificateKind::kOwnRoot : CertificateKind::kEndEntity;
  if (kind == CertificateKind::kEndEntity && is_same_key(certificate, spki))
    return denied("it is for the CA's own key in another spelling");
  const auto held = kind == CertificateKind::kOwnRoot ? check_own_root(certificate, *constraints)
                                                      : check_end_entity(certificate, *constraints);
  if (!held) return std::unexpected(held.error());
  return CertificateFacts{.kind = kind, .serial = hex_of(X509_get0_serialNumber(certificate))};
}

}  // namespace

Result<CertificateFacts> check_tbs_certificate(ByteView tbs, hsm::KeyType type, ByteView spki) {
  if (tbs.empty() || tbs.size() > kMaxTbsBytes || !is_der(tbs)) return malformed("not DER");
  const Bytes whole = with_empty_signature(tbs, type);
  const unsigned char* at = uchar(whole);
  const Certificate certificate(d2i_X509(nullptr, &at, static_cast<long>(whole.size())));
  auto facts = certificate && at == uchar(whole) + whole.size()
                   ? check_parsed(certificate.get(), tbs, type, spki)
                   : malformed("not a TBSCertificate");
  ERR_clear_error();  // the queue is the thread's, and nobody reads it
  return facts;
}

}  // namespace privyseal::keyd
