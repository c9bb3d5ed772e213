#include "ca/certificate.h"

#include <openssl/err.h>
#include <openssl/pem.h>

#include <algorithm>
#include <array>
#include <ctime>
#include <optional>

#include "ca/der.h"
#include "ca/fingerprint.h"
#include "ca/openssl.h"

namespace privyseal::ca {
namespace {

constexpr std::size_t kMaxNameText = 512;

std::unexpected<Error> invalid(std::string_view what) {
  ERR_clear_error();  // OpenSSL's own words must not surface at somebody else's next error
  return fail(ErrorCode::kInvalid, "certificate: " + std::string(what));
}

/// RFC 2253 with everything escaped that is not printable ASCII.
std::string text_of_name(const X509_NAME* name) {
  const BioPtr memory(BIO_new(BIO_s_mem()));
  if (X509_NAME_print_ex(memory.get(), name, 0, XN_FLAG_RFC2253) < 0) return {};
  return text_in(memory.get()).substr(0, kMaxNameText);
}

std::optional<WallTime> time_of(const ASN1_TIME* time) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return std::nullopt;
  const std::chrono::year_month_day day{std::chrono::year(parts.tm_year + 1900),
                                        std::chrono::month(static_cast<unsigned>(parts.tm_mon + 1)),
                                        std::chrono::day(static_cast<unsigned>(parts.tm_mday))};
  if (!day.ok()) return std::nullopt;
  return std::chrono::sys_days(day) + std::chrono::hours(parts.tm_hour) + std::chrono::minutes(parts.tm_min) +
         std::chrono::seconds(parts.tm_sec);
}

bool read_times(X509* x509, Certificate& certificate) {
  const auto begins = time_of(X509_get0_notBefore(x509));
  const auto ends = time_of(X509_get0_notAfter(x509));
  if (!begins || !ends) return false;
  certificate.not_before = *begins;
  certificate.not_after = *ends;
  return true;
}

void read_serial(X509* x509, Certificate& certificate) {
  const ASN1_INTEGER* serial = X509_get0_serialNumber(x509);
  const std::span magnitude(ASN1_STRING_get0_data(serial),
                            static_cast<std::size_t>(ASN1_STRING_length(serial)));
  const bool is_negative = ASN1_STRING_type(serial) == V_ASN1_NEG_INTEGER;
  certificate.serial = (is_negative ? "-" : "") + to_hex(std::as_bytes(magnitude));
  // i2d gives tag and length octets in front: two, for any serial that could be right.
  const int octets = i2d_ASN1_INTEGER(serial, nullptr);
  certificate.serial_octets = octets < 2 ? 0 : static_cast<std::size_t>(octets) - 2;
  certificate.serial_is_positive =
      !is_negative && std::ranges::any_of(magnitude, [](unsigned char octet) { return octet != 0; });
}

bool read_key(X509* x509, Certificate& certificate) {
  certificate.public_key = der_of(X509_get_X509_PUBKEY(x509), i2d_X509_PUBKEY);
  EVP_PKEY* key = X509_get0_pubkey(x509);
  if (key == nullptr) return !certificate.public_key.empty();  // an algorithm that OpenSSL does not know
  certificate.key_bits = EVP_PKEY_get_bits(key);
  if (EVP_PKEY_is_a(key, "RSA") == 1) certificate.key = CertificateKey::kRsa;
  std::array<char, 32> group{};
  if (EVP_PKEY_is_a(key, "EC") == 1 &&
      EVP_PKEY_get_group_name(key, group.data(), group.size(), nullptr) == 1) {
    const std::string_view name = group.data();
    if (name == "prime256v1") certificate.key = CertificateKey::kEcP256;
    if (name == "secp384r1") certificate.key = CertificateKey::kEcP384;
  }
  return !certificate.public_key.empty();
}

void read_signature(X509* x509, Certificate& certificate) {
  const int algorithm = X509_get_signature_nid(x509);
  certificate.signature_algorithm = algorithm == NID_undef ? "unknown" : OBJ_nid2ln(algorithm);
  int hash = NID_undef;
  if (X509_get_signature_info(x509, &hash, nullptr, nullptr, nullptr) == 1 && hash != NID_undef)
    certificate.signature_hash = OBJ_nid2sn(hash);
}

bool says_an_extension_twice(const X509* x509) {
  for (int i = 0; i < X509_get_ext_count(x509); ++i) {
    const ASN1_OBJECT* object = X509_EXTENSION_get_object(X509_get_ext(x509, i));
    if (X509_get_ext_by_OBJ(x509, object, i) >= 0) return true;
  }
  return false;
}

/// Lower case; nothing when there is a byte in it that no host name or pattern has.
std::optional<std::string> dns_name_of(const ASN1_STRING* text) {
  std::string name;
  for (const unsigned char c :
       std::span(ASN1_STRING_get0_data(text), static_cast<std::size_t>(ASN1_STRING_length(text)))) {
    if (c <= ' ' || c >= 0x7f) return std::nullopt;
    name += static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
  }
  return name.empty() ? std::nullopt : std::optional(name);
}

bool read_dns_names(X509* x509, Certificate& certificate) {
  int critical = 0;
  const GeneralNamesPtr names(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(x509, NID_subject_alt_name, &critical, nullptr)));
  if (names == nullptr) return critical == -1;  // absent; else it is damaged
  for (int i = 0; i < sk_GENERAL_NAME_num(names.get()); ++i) {
    int type = -1;
    const void* value = GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(names.get(), i), &type);
    if (type != GEN_DNS) continue;
    auto name = dns_name_of(static_cast<const ASN1_STRING*>(value));
    if (!name) return false;
    certificate.dns_names.push_back(std::move(*name));
  }
  return true;
}

bool read_extended_key_usage(X509* x509, Certificate& certificate) {
  using UsagePtr = std::unique_ptr<EXTENDED_KEY_USAGE, Free<EXTENDED_KEY_USAGE_free>>;
  int critical = 0;
  const UsagePtr uses(
      static_cast<EXTENDED_KEY_USAGE*>(X509_get_ext_d2i(x509, NID_ext_key_usage, &critical, nullptr)));
  if (uses == nullptr) return critical == -1;
  certificate.extended_key_usage.is_present = true;
  for (int i = 0; i < sk_ASN1_OBJECT_num(uses.get()); ++i) {
    const int use = OBJ_obj2nid(sk_ASN1_OBJECT_value(uses.get(), i));
    if (use == NID_server_auth) certificate.extended_key_usage.server = true;
    if (use == NID_client_auth) certificate.extended_key_usage.client = true;
    if (use == NID_anyExtendedKeyUsage) certificate.extended_key_usage.any = true;
  }
  return true;
}

Result<Certificate> read(X509* x509, ByteView der) {
  Certificate certificate;
  certificate.der = copy_of(der);
  certificate.version = static_cast<int>(std::clamp<long>(X509_get_version(x509), -1, 99)) + 1;
  certificate.subject = text_of_name(X509_get_subject_name(x509));
  certificate.issuer = text_of_name(X509_get_issuer_name(x509));
  certificate.is_self_issued = X509_NAME_cmp(X509_get_subject_name(x509), X509_get_issuer_name(x509)) == 0;
  read_serial(x509, certificate);
  read_signature(x509, certificate);
  if (!read_times(x509, certificate)) return invalid("its dates cannot be read");
  if (!read_key(x509, certificate)) return invalid("its public key cannot be read");
  if (says_an_extension_twice(x509)) return invalid("it has an extension twice");
  if (!read_dns_names(x509, certificate)) return invalid("its subjectAltName cannot be read");
  if (!read_extended_key_usage(x509, certificate)) return invalid("its extendedKeyUsage cannot be read");
  certificate.is_ca = X509_check_ca(x509) != 0;
  if ((X509_get_extension_flags(x509) & EXFLAG_INVALID) != 0)
    return invalid("one of its extensions is damaged");
  certificate.fingerprint = key_fingerprint(der);
  ERR_clear_error();
  return certificate;
}

}  // namespace

std::string key_text(const Certificate& certificate) {
  switch (certificate.key) {
    case CertificateKey::kRsa:
      return "RSA " + std::to_string(certificate.key_bits);
    case CertificateKey::kEcP256:
      return "EC P-256";
    case CertificateKey::kEcP384:
      return "EC P-384";
    case CertificateKey::kOther:
      break;
  }
  return "another kind of key";
}

Result<Certificate> parse_certificate(ByteView der) {
  if (der.empty() || der.size() > kMaxCertificateInputBytes) return invalid("empty or too long");
  if (!der::is_der(der)) return invalid("not DER");
  const unsigned char* at = uchar(der);
  const CertificatePtr x509(d2i_X509(nullptr, &at, static_cast<long>(der.size())));
  if (x509 == nullptr || at != uchar(der) + der.size()) return invalid("not one X.509 certificate");
  // The signed part's encoding is kept as it was read; what stands around it is made anew here.
  if (!std::ranges::equal(der_of(x509.get(), i2d_X509), der)) return invalid("not in its only spelling");
  return read(x509.get(), der);
}

std::string to_pem(const Certificate& certificate) {
  const BioPtr memory(BIO_new(BIO_s_mem()));
  PEM_write_bio(memory.get(), PEM_STRING_X509, "", uchar(certificate.der),
                static_cast<long>(certificate.der.size()));
  return text_in(memory.get());
}

std::string to_pem(std::span<const Certificate> chain) {
  std::string pem;
  for (const Certificate& certificate : chain) pem += to_pem(certificate);
  return pem;
}

}  // namespace privyseal::ca
