#include "ca/csr.h"

#include <openssl/err.h>
#include <openssl/pem.h>

#include <algorithm>
#include <array>
#include <ranges>

#include "ca/der.h"
#include "ca/openssl.h"

namespace privyseal::ca {
namespace {

constexpr std::size_t kMaxNameBytes = 64;
constexpr std::size_t kMaxDnsNames = 16;
constexpr std::size_t kMaxInfoBytes = 16'384;  // so that lengths need two bytes at most

// AlgorithmIdentifier of ecdsa-with-SHA256 and ecdsa-with-SHA384 (RFC 5758 section 3.2), of
// sha256WithRSAEncryption (RFC 4055 section 5) and of Ed25519 (RFC 8410 section 3).
constexpr std::array<unsigned char, 12> kWithSha256{0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86,
                                                    0x48, 0xce, 0x3d, 0x04, 0x03, 0x02};
constexpr std::array<unsigned char, 12> kWithSha384{0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86,
                                                    0x48, 0xce, 0x3d, 0x04, 0x03, 0x03};
constexpr std::array<unsigned char, 15> kRsaWithSha256{0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86,
                                                       0xf7, 0x0d, 0x01, 0x01, 0x0b, 0x05, 0x00};
constexpr std::array<unsigned char, 7> kEd25519{0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70};

std::unexpected<Error> invalid(std::string what) {
  ERR_clear_error();  // OpenSSL's own words must not surface at somebody else's next error
  return fail(ErrorCode::kInvalid, "certificate request: " + std::move(what));
}

bool is_label(std::string_view label) {
  return !label.empty() && label.size() <= 63 && label.front() != '-' && label.back() != '-' &&
         std::ranges::all_of(label, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
         });
}

Result<void> check_subject(const CsrSubject& subject) {
  if (subject.common_name.empty() || subject.common_name.size() > kMaxNameBytes)
    return invalid("the common name must have 1 to 64 bytes");
  if (subject.organisation.size() > kMaxNameBytes) return invalid("the organisation has more than 64 bytes");
  if (subject.dns_names.empty() || subject.dns_names.size() > kMaxDnsNames)
    return invalid("1 to 16 DNS names are needed");
  if (!std::ranges::all_of(subject.dns_names, is_dns_name)) return invalid("a DNS name is no host name");
  return {};
}

/// How keys of this kind sign requests; empty for a kind that is none of ours.
ByteView algorithm_of(EVP_PKEY* key) {
  if (EVP_PKEY_is_a(key, "ED25519") == 1) return std::as_bytes(std::span(kEd25519));
  if (EVP_PKEY_is_a(key, "RSA") == 1) {
    const int bits = EVP_PKEY_get_bits(key);
    return bits == 2048 || bits == 3072 || bits == 4096 ? std::as_bytes(std::span(kRsaWithSha256))
                                                        : ByteView();
  }
  std::array<char, 32> group{};
  if (EVP_PKEY_is_a(key, "EC") != 1 || EVP_PKEY_get_group_name(key, group.data(), group.size(), nullptr) != 1)
    return {};
  if (std::string_view(group.data()) == "prime256v1") return std::as_bytes(std::span(kWithSha256));
  if (std::string_view(group.data()) == "secp384r1") return std::as_bytes(std::span(kWithSha384));
  return {};
}

/// Null unless it is a key of a kind of ours and nothing else.
PkeyPtr public_key_in(ByteView der) {
  const unsigned char* from = uchar(der);
  PkeyPtr key(d2i_PUBKEY(nullptr, &from, static_cast<long>(der.size())));
  const bool is_whole = from == uchar(der) + der.size();
  return key == nullptr || !is_whole || algorithm_of(key.get()).empty() ? nullptr : std::move(key);
}

bool add_name_entry(X509_REQ* request, const char* attribute, const std::string& value) {
  return X509_NAME_add_entry_by_txt(X509_REQ_get_subject_name(request), attribute, MBSTRING_UTF8,
                                    uchar(bytes_of(value)), static_cast<int>(value.size()), -1, 0) == 1;
}

bool add_dns_names(X509_REQ* request, const std::vector<std::string>& dns_names) {
  const GeneralNamesPtr names(GENERAL_NAMES_new());
  for (const std::string& dns_name : dns_names) {
    ASN1_IA5STRING* text = ASN1_IA5STRING_new();
    GENERAL_NAME* name = GENERAL_NAME_new();
    if (ASN1_STRING_set(text, dns_name.data(), static_cast<int>(dns_name.size())) != 1) return false;
    GENERAL_NAME_set0_value(name, GEN_DNS, text);
    sk_GENERAL_NAME_push(names.get(), name);
  }
  STACK_OF(X509_EXTENSION)* extensions = nullptr;
  const bool is_done =
      X509V3_add1_i2d(&extensions, NID_subject_alt_name, names.get(), 0, X509V3_ADD_DEFAULT) == 1 &&
      X509_REQ_add_extensions(request, extensions) == 1;
  sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
  return is_done;
}

/// CertificationRequest (RFC 2986 section 4.2). `info` goes in as it was signed.
Bytes request_der(ByteView info, ByteView algorithm, ByteView signature) {
  return der::sequence({info, algorithm, der::bit_string(signature)});
}

/// Null unless the bytes are one request.
RequestPtr parsed(const Bytes& der) {
  const unsigned char* from = uchar(ByteView(der));
  RequestPtr request(d2i_X509_REQ(nullptr, &from, static_cast<long>(der.size())));
  return from == uchar(ByteView(der)) + der.size() ? std::move(request) : nullptr;
}

/// Null unless `info` is a CertificationRequestInfo and its own key made the signature.
RequestPtr verified_request(ByteView info, ByteView signature) {
  RequestPtr request = parsed(request_der(info, std::as_bytes(std::span(kWithSha256)), signature));
  EVP_PKEY* key = request == nullptr ? nullptr : X509_REQ_get0_pubkey(request.get());
  if (key == nullptr) return nullptr;
  const ByteView algorithm = algorithm_of(key);
  if (algorithm.empty()) return nullptr;
  // What the key is was not known before the first reading.
  request = parsed(request_der(info, algorithm, signature));
  key = X509_REQ_get0_pubkey(request.get());
  return X509_REQ_verify(request.get(), key) == 1 ? std::move(request) : nullptr;
}

}  // namespace

bool is_dns_name(std::string_view name) {
  if (name.empty() || name.size() > 253) return false;
  return std::ranges::all_of(name | std::views::split('.'),
                             [](auto label) { return is_label(std::string_view(label)); });
}

Result<Bytes> csr_info(ByteView public_key, const CsrSubject& subject) {
  if (auto is_good = check_subject(subject); !is_good) return std::unexpected(is_good.error());
  const PkeyPtr key = public_key_in(public_key);
  if (key == nullptr)
    return invalid("the public key is none of P-256, P-384, Ed25519 and RSA of 2048, 3072 or 4096 bits");
  const RequestPtr request(X509_REQ_new());
  if (X509_REQ_set_version(request.get(), X509_REQ_VERSION_1) != 1 ||
      X509_REQ_set_pubkey(request.get(), key.get()) != 1 ||
      (!subject.organisation.empty() && !add_name_entry(request.get(), "O", subject.organisation)) ||
      !add_name_entry(request.get(), "CN", subject.common_name) ||
      !add_dns_names(request.get(), subject.dns_names))
    return invalid("the subject cannot be encoded (is it UTF-8?)");
  unsigned char* der = nullptr;
  const int length = i2d_re_X509_REQ_tbs(request.get(), &der);
  if (length <= 0) return invalid("cannot be encoded");
  Bytes info = copy_of(std::as_bytes(std::span(der, static_cast<std::size_t>(length))));
  OPENSSL_free(der);
  return info;
}

Result<std::string> csr_pem(ByteView info, ByteView signature) {
  if (info.size() > kMaxInfoBytes || signature.size() > kMaxInfoBytes) return invalid("too long");
  const RequestPtr request = verified_request(info, signature);
  if (request == nullptr) return invalid("the signature is not that of the request's own key");
  const BioPtr memory(BIO_new(BIO_s_mem()));
  if (PEM_write_bio_X509_REQ(memory.get(), request.get()) != 1) return invalid("cannot be written");
  char* text = nullptr;
  const long length = BIO_get_mem_data(memory.get(), &text);
  return std::string(text, static_cast<std::size_t>(length));
}

}  // namespace privyseal::ca
