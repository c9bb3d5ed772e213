#include "ca/authority/request.h"

#include <openssl/err.h>

#include <algorithm>
#include <array>
#include <optional>

#include "ca/csr.h"
#include "ca/der.h"
#include "ca/openssl.h"

namespace privyseal::authority {
namespace {

using ca::GeneralNamesPtr;
using ca::RequestPtr;

constexpr std::size_t kMaxNameBytes = 64;  // RFC 5280 appendix A.1
constexpr int kMaxDnsNames = 16;
constexpr int kMinRsaBits = 2048;
constexpr int kMaxRsaBits = 8192;  // more costs whoever verifies it too much

std::unexpected<Error> invalid(std::string_view what) {
  ERR_clear_error();
  return fail(ErrorCode::kInvalid, "certificate request: " + std::string(what));
}

bool is_good_key(EVP_PKEY* key) {
  const int bits = EVP_PKEY_get_bits(key);
  if (EVP_PKEY_is_a(key, "RSA") == 1) return bits >= kMinRsaBits && bits <= kMaxRsaBits && bits % 8 == 0;
  std::array<char, 32> group{};
  if (EVP_PKEY_is_a(key, "EC") != 1 || EVP_PKEY_get_group_name(key, group.data(), group.size(), nullptr) != 1)
    return false;
  const std::string_view name = group.data();
  return name == "prime256v1" || name == "secp384r1";
}

bool has_good_hash(const X509_REQ* request) {
  int hash = NID_undef;
  if (OBJ_find_sigid_algs(X509_REQ_get_signature_nid(request), &hash, nullptr) != 1) return false;
  return hash == NID_sha256 || hash == NID_sha384 || hash == NID_sha512;
}

/// The one value of an attribute, as UTF-8; "" when absent. Nothing: there are several, or it is no
/// text that a certificate should carry.
std::optional<std::string> name_part(const X509_NAME* name, int attribute) {
  const int at = X509_NAME_get_index_by_NID(name, attribute, -1);
  if (at < 0) return "";
  if (X509_NAME_get_index_by_NID(name, attribute, at) >= 0) return std::nullopt;
  unsigned char* utf8 = nullptr;
  const int length = ASN1_STRING_to_UTF8(&utf8, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at)));
  if (length < 0) return std::nullopt;
  std::string text(reinterpret_cast<const char*>(utf8), static_cast<std::size_t>(length));
  OPENSSL_free(utf8);
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < ' ' || c == 0x7f; };
  if (text.empty() || text.size() > kMaxNameBytes || std::ranges::any_of(text, is_control))
    return std::nullopt;
  return text;
}

/// Nothing: damaged, or there is something else in it than host names.
std::optional<std::vector<std::string>> dns_names_of(X509_REQ* request) {
  STACK_OF(X509_EXTENSION)* extensions = X509_REQ_get_extensions(request);
  int critical = 0;
  const GeneralNamesPtr names(
      static_cast<GENERAL_NAMES*>(X509V3_get_d2i(extensions, NID_subject_alt_name, &critical, nullptr)));
  sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
  std::vector<std::string> found;
  if (names == nullptr) return critical == -1 ? std::optional(found) : std::nullopt;
  if (sk_GENERAL_NAME_num(names.get()) > kMaxDnsNames) return std::nullopt;
  for (int i = 0; i < sk_GENERAL_NAME_num(names.get()); ++i) {
    int type = -1;
    const void* value = GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(names.get(), i), &type);
    if (type != GEN_DNS) return std::nullopt;
    const auto* text = static_cast<const ASN1_STRING*>(value);
    std::string name(reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
                     static_cast<std::size_t>(ASN1_STRING_length(text)));
    if (!ca::is_dns_name(name)) return std::nullopt;
    std::ranges::transform(name, name.begin(),
                           [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    if (!std::ranges::contains(found, name)) found.push_back(std::move(name));
  }
  return found;
}

Result<CertificateRequest> read(X509_REQ* x509) {
  CertificateRequest request;
  const X509_NAME* subject = X509_REQ_get_subject_name(x509);
  auto common_name = name_part(subject, NID_commonName);
  auto organisation = name_part(subject, NID_organizationName);
  if (!common_name || !organisation)
    return invalid("common name and organisation may be there once, with 1 to 64 printable characters");
  auto dns_names = dns_names_of(x509);
  if (!dns_names) return invalid("subjectAltName may hold 1 to 16 host names and nothing else");
  request.public_key = ca::der_of(X509_REQ_get_X509_PUBKEY(x509), i2d_X509_PUBKEY);
  request.common_name = std::move(*common_name);
  request.organisation = std::move(*organisation);
  request.dns_names = std::move(*dns_names);
  ERR_clear_error();
  return request;
}

std::string list_of(const std::vector<std::string>& texts) {
  std::string list;
  for (const std::string& text : texts) list += (list.empty() ? "" : ", ") + text;
  return list;
}

std::vector<std::string> faults_of_hosts(const CertificateRequest& request,
                                         const std::vector<std::string>& domains) {
  std::vector<std::string> faults;
  const auto is_allowed = [&](const std::string& name) {
    return std::ranges::any_of(domains,
                               [&](const std::string& domain) { return is_at_or_below(name, domain); });
  };
  std::vector<std::string> names = request.dns_names;
  if (names.empty()) faults.emplace_back("it asks for no host name (dNSName in subjectAltName)");
  if (!request.common_name.empty()) names.push_back(request.common_name);
  for (const std::string& name : names)
    if (!is_allowed(name)) faults.push_back("the name " + name + " is not at or below " + list_of(domains));
  return faults;
}

std::vector<std::string> faults_of_person(const CertificateRequest& request) {
  std::vector<std::string> faults;
  if (request.common_name.empty()) faults.emplace_back("it names nobody (common name)");
  if (!request.dns_names.empty()) faults.emplace_back("it asks for host names, which are not for people");
  return faults;
}

}  // namespace

std::string common_name_for(const CertificateRequest& request) {
  if (!request.common_name.empty() || request.dns_names.empty()) return request.common_name;
  const std::string& first = request.dns_names.front();
  return first.size() <= kMaxNameBytes ? first : std::string();
}

bool is_for_the_same(const CertificateRequest& request, const ca::Certificate& current) {
  const unsigned char* at = uchar(current.der);
  const ca::CertificatePtr x509(d2i_X509(nullptr, &at, static_cast<long>(current.der.size())));
  if (x509 == nullptr) return false;
  const X509_NAME* subject = X509_get_subject_name(x509.get());
  std::vector<std::string> wanted = request.dns_names;
  std::vector<std::string> has = current.dns_names;
  std::ranges::sort(wanted);
  std::ranges::sort(has);
  return wanted == has && name_part(subject, NID_commonName) == common_name_for(request) &&
         name_part(subject, NID_organizationName) == request.organisation;
}

Result<CertificateRequest> parse_request(ByteView der) {
  if (der.empty() || der.size() > kMaxRequestBytes) return invalid("empty or too long");
  if (!ca::der::is_der(der)) return invalid("not DER");
  const unsigned char* at = uchar(der);
  const RequestPtr request(d2i_X509_REQ(nullptr, &at, static_cast<long>(der.size())));
  if (request == nullptr || at != uchar(der) + der.size() ||
      X509_REQ_get_version(request.get()) != X509_REQ_VERSION_1)
    return invalid("not one PKCS#10 request of version 1");
  EVP_PKEY* key = X509_REQ_get0_pubkey(request.get());
  if (key == nullptr || !is_good_key(key))
    return invalid("its key must be RSA of at least 2048 bits in whole octets, EC P-256 or EC P-384");
  if (!has_good_hash(request.get())) return invalid("it must be signed with SHA-256, SHA-384 or SHA-512");
  if (X509_REQ_verify(request.get(), key) != 1) return invalid("it is not signed by its own key");
  return read(request.get());
}

Result<void> check_request(const CertificateRequest& request, const Profile& profile,
                           const std::vector<std::string>& domains) {
  const auto faults =
      profile.names == Names::kHosts ? faults_of_hosts(request, domains) : faults_of_person(request);
  if (faults.empty()) return {};
  std::string all;
  for (const std::string& fault : faults) all += (all.empty() ? "" : "; ") + fault;
  return fail(ErrorCode::kDenied, "profile " + std::string(profile.name) + ": " + all);
}

}  // namespace privyseal::authority
