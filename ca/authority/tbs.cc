#include "ca/authority/tbs.h"

#include <openssl/err.h>
#include <openssl/rand.h>

#include <algorithm>
#include <format>
#include <optional>

#include "ca/csr.h"
#include "ca/der.h"
#include "ca/openssl.h"

namespace privyseal::authority {
namespace {

using ca::NamePtr;
using ca::PkeyPtr;
using ca::der::sequence;
using ca::der::Tag;
using ca::der::tagged;

constexpr std::size_t kKeyIdBytes = 20;
constexpr int kFirstYearOfGeneralizedTime = 2050;  // RFC 5280 section 4.1.2.5

std::unexpected<Error> invalid(std::string_view what) {
  ERR_clear_error();
  return fail(ErrorCode::kInvalid, "to be signed: " + std::string(what));
}

template <std::size_t size>
ByteView view(const std::array<unsigned char, size>& octets) {
  return std::as_bytes(std::span(octets));
}

// Object identifiers, with tag and length.
constexpr auto kEcdsaWithSha256 =
    std::to_array<unsigned char>({0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02});
constexpr auto kEcdsaWithSha384 =
    std::to_array<unsigned char>({0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x03});
constexpr auto kServerAuth =
    std::to_array<unsigned char>({0x06, 0x08, 0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x01});
constexpr auto kClientAuth =
    std::to_array<unsigned char>({0x06, 0x08, 0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x02});

/// id-ce (2.5.29.x), RFC 5280 section 4.2.1.
enum class Extension : unsigned char {
  kSubjectKeyIdentifier = 14,
  kKeyUsage = 15,
  kSubjectAltName = 17,
  kBasicConstraints = 19,
  kCrlNumber = 20,
  kReasonCode = 21,
  kAuthorityKeyIdentifier = 35,
  kExtendedKeyUsage = 37,
};

Bytes extension(Extension id, bool is_critical, ByteView value) {
  const std::array<unsigned char, 5> oid{0x06, 0x03, 0x55, 0x1d, static_cast<unsigned char>(id)};
  const std::array<unsigned char, 3> yes{0x01, 0x01, 0xff};
  return sequence({view(oid), is_critical ? view(yes) : ByteView{}, tagged(Tag::kOctetString, value)});
}

PkeyPtr key_in(ByteView public_key) {
  const unsigned char* at = uchar(public_key);
  PkeyPtr key(d2i_PUBKEY(nullptr, &at, static_cast<long>(public_key.size())));
  if (at != uchar(public_key) + public_key.size()) return nullptr;
  return key;
}

/// AlgorithmIdentifier for what the issuer's key signs with (RFC 5758 section 3.2); empty: no such key.
Bytes algorithm_of(ByteView issuer_public_key) {
  const PkeyPtr key = key_in(issuer_public_key);
  if (key == nullptr || EVP_PKEY_is_a(key.get(), "EC") != 1) return {};
  switch (EVP_PKEY_get_bits(key.get())) {
    case 256:
      return sequence({view(kEcdsaWithSha256)});
    case 384:
      return sequence({view(kEcdsaWithSha384)});
    default:
      return {};
  }
}

/// The leftmost 160 bits of the SHA-256 of the key's bits (RFC 7093 section 2, method 1); empty: no key.
Bytes key_id_of(ByteView public_key) {
  using PublicPtr = std::unique_ptr<X509_PUBKEY, Free<X509_PUBKEY_free>>;
  const unsigned char* at = uchar(public_key);
  const PublicPtr key(d2i_X509_PUBKEY(nullptr, &at, static_cast<long>(public_key.size())));
  const unsigned char* bits = nullptr;
  int length = 0;
  if (key == nullptr || X509_PUBKEY_get0_param(nullptr, &bits, &length, nullptr, key.get()) != 1) return {};
  Bytes digest(32);
  if (EVP_Digest(bits, static_cast<std::size_t>(length), uchar(std::span(digest)), nullptr, EVP_sha256(),
                 nullptr) != 1)
    return {};
  digest.resize(kKeyIdBytes);
  return digest;
}

/// Name (RFC 5280 section 4.1.2.4), all UTF8String; empty: it cannot be encoded.
Bytes encoded(const DistinguishedName& name) {
  const NamePtr made(X509_NAME_new());
  const auto add = [&](const char* attribute, const std::string& value) {
    return X509_NAME_add_entry_by_txt(made.get(), attribute, MBSTRING_UTF8, uchar(bytes_of(value)),
                                      static_cast<int>(value.size()), -1, 0) == 1;
  };
  if (name.common_name.empty() || (!name.organisation.empty() && !add("O", name.organisation)) ||
      !add("CN", name.common_name))
    return {};
  return ca::der_of(made.get(), i2d_X509_NAME);
}

Bytes encoded(WallTime time) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
  const auto year =
      static_cast<int>(std::chrono::year_month_day(std::chrono::floor<std::chrono::days>(seconds)).year());
  if (year >= kFirstYearOfGeneralizedTime)
    return tagged(Tag::kGeneralizedTime, bytes_of(std::format("{:%Y%m%d%H%M%S}Z", seconds)));
  return tagged(Tag::kUtcTime, bytes_of(std::format("{:%y%m%d%H%M%S}Z", seconds)));
}

/// dNSNames; for people, who have none, a directoryName: the subject once more.
Bytes alternative_names(const CertificateFacts& facts) {
  Bytes names;
  for (const std::string& name : facts.dns_names) append(names, tagged(Tag::kContext2, bytes_of(name)));
  if (names.empty()) names = tagged(Tag::kContext4Constructed, encoded(facts.subject));
  return tagged(Tag::kSequence, names);
}

Bytes uses(const CertificateFacts& facts) {
  return sequence(
      {facts.server ? view(kServerAuth) : ByteView{}, facts.client ? view(kClientAuth) : ByteView{}});
}

/// digitalSignature alone, or keyCertSign and cRLSign (RFC 5280 section 4.2.1.3).
Bytes key_usage(bool is_ca) {
  const auto leaf = std::to_array<unsigned char>({0x03, 0x02, 0x07, 0x80});
  const auto authority = std::to_array<unsigned char>({0x03, 0x02, 0x01, 0x06});
  return copy_of(is_ca ? view(authority) : view(leaf));
}

/// For a CA pathlen 0: it issues no further CAs.
Bytes basic_constraints(bool is_ca) {
  const auto authority = std::to_array<unsigned char>({0x30, 0x06, 0x01, 0x01, 0xff, 0x02, 0x01, 0x00});
  return is_ca ? copy_of(view(authority)) : sequence({});
}

Bytes authority_key_id(ByteView issuer_public_key) {
  return sequence({tagged(Tag::kContext0, key_id_of(issuer_public_key))});
}

Bytes extensions_of(const IssuerFacts& issuer, const CertificateFacts& facts) {
  using enum Extension;
  Bytes all = extension(kBasicConstraints, true, basic_constraints(facts.is_ca));
  append(all, extension(kKeyUsage, true, key_usage(facts.is_ca)));
  if (!facts.is_ca) {
    append(all, extension(kExtendedKeyUsage, false, uses(facts)));
    append(all, extension(kSubjectAltName, false, alternative_names(facts)));
  }
  append(all,
         extension(kSubjectKeyIdentifier, false, tagged(Tag::kOctetString, key_id_of(facts.public_key))));
  append(all, extension(kAuthorityKeyIdentifier, false, authority_key_id(issuer.public_key)));
  return tagged(Tag::kContext3Constructed, tagged(Tag::kSequence, all));
}

Bytes revoked_entry(const RevokedCertificate& revoked) {
  Bytes extensions;  // reasonCode unspecified is left out (RFC 5280 section 5.3.1)
  if (revoked.reason != Revocation::kUnspecified) {
    const std::array<unsigned char, 3> reason{0x0a, 0x01, static_cast<unsigned char>(revoked.reason)};
    extensions = sequence({extension(Extension::kReasonCode, false, view(reason))});
  }
  return sequence({ca::der::unsigned_integer(revoked.serial), encoded(revoked.at), extensions});
}

Bytes big_endian(std::uint64_t number) {
  Bytes octets;
  for (int shift = 56; shift >= 0; shift -= 8)
    octets.push_back(static_cast<std::byte>(number >> shift & 0xff));
  return octets;
}

Bytes whole(ByteView tbs, ByteView signature, ByteView issuer_public_key) {
  const Bytes algorithm = algorithm_of(issuer_public_key);
  if (algorithm.empty() || tbs.size() > 0x8000 || signature.size() > 256) return {};
  return sequence({tbs, algorithm, ca::der::bit_string(signature)});
}

/// Whether `parse` (d2i) takes all of `der`, and `verify` finds the issuer's signature good.
template <class Pointer, class Parse, class Verify>
bool is_signed(const Bytes& der, ByteView issuer_public_key, Parse parse, Verify verify) {
  const PkeyPtr key = key_in(issuer_public_key);
  const unsigned char* at = uchar(ByteView(der));
  const Pointer parsed(parse(nullptr, &at, static_cast<long>(der.size())));
  return key != nullptr && parsed != nullptr && at == uchar(ByteView(der)) + der.size() &&
         verify(parsed.get(), key.get()) == 1;
}

}  // namespace

Result<Serial> new_serial() {
  Serial serial{};
  if (RAND_bytes(uchar(std::span<std::byte>(serial)), static_cast<int>(serial.size())) != 1) {
    ERR_clear_error();
    return fail(ErrorCode::kUnavailable, "serial number: no randomness");
  }
  serial[0] = (serial[0] & std::byte{0x3f}) | std::byte{0x40};
  return serial;
}

Result<Bytes> tbs_certificate(const IssuerFacts& issuer, const CertificateFacts& facts) {
  const Bytes algorithm = algorithm_of(issuer.public_key);
  const Bytes issuer_name = encoded(issuer.name);
  const Bytes subject = encoded(facts.subject);
  if (algorithm.empty()) return invalid("the authority's key is neither P-256 nor P-384");
  if (issuer_name.empty() || subject.empty()) return invalid("a name cannot be encoded");
  if (key_in(facts.public_key) == nullptr) return invalid("the public key is none");
  if (facts.not_after <= facts.not_before) return invalid("it would end before it begins");
  if (!facts.is_ca && !facts.server && !facts.client) return invalid("it would be for nothing");
  if (!std::ranges::all_of(facts.dns_names, ca::is_dns_name)) return invalid("a DNS name is no host name");
  const auto version_3 = std::to_array<unsigned char>({0xa0, 0x03, 0x02, 0x01, 0x02});
  const Bytes validity = sequence({encoded(facts.not_before), encoded(facts.not_after)});
  return sequence({view(version_3), ca::der::unsigned_integer(facts.serial), algorithm, issuer_name, validity,
                   subject, facts.public_key, extensions_of(issuer, facts)});
}

Result<Bytes> tbs_crl(const IssuerFacts& issuer, const CrlFacts& facts) {
  const Bytes algorithm = algorithm_of(issuer.public_key);
  const Bytes issuer_name = encoded(issuer.name);
  if (algorithm.empty() || issuer_name.empty()) return invalid("the authority has no usable name or key");
  if (facts.next_update <= facts.this_update) return invalid("the list would end before it begins");
  if (facts.revoked.size() > kMaxRevoked) return invalid("too many revoked certificates for one list");
  Bytes entries;
  for (const RevokedCertificate& revoked : facts.revoked) append(entries, revoked_entry(revoked));
  const Bytes list = entries.empty() ? Bytes{} : tagged(Tag::kSequence, entries);
  Bytes extensions =
      extension(Extension::kAuthorityKeyIdentifier, false, authority_key_id(issuer.public_key));
  append(extensions,
         extension(Extension::kCrlNumber, false, ca::der::unsigned_integer(big_endian(facts.number))));
  const auto version_2 = std::to_array<unsigned char>({0x02, 0x01, 0x01});
  return sequence({view(version_2), algorithm, issuer_name, encoded(facts.this_update),
                   encoded(facts.next_update), list,
                   tagged(Tag::kContext0Constructed, tagged(Tag::kSequence, extensions))});
}

Result<Bytes> finish_certificate(ByteView tbs, ByteView signature, ByteView issuer_public_key) {
  Bytes der = whole(tbs, signature, issuer_public_key);
  if (!is_signed<ca::CertificatePtr>(der, issuer_public_key, d2i_X509, X509_verify))
    return invalid("the signature on the certificate is not the authority's");
  return der;
}

Result<Bytes> finish_crl(ByteView tbs, ByteView signature, ByteView issuer_public_key) {
  Bytes der = whole(tbs, signature, issuer_public_key);
  if (!is_signed<ca::CrlPtr>(der, issuer_public_key, d2i_X509_CRL, X509_CRL_verify))
    return invalid("the signature on the revocation list is not the authority's");
  return der;
}

}  // namespace privyseal::authority
