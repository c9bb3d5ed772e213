// parse_certificates: whatever form certificates come in, they leave as DER and go through parse_certificate.
#include <openssl/err.h>
#include <openssl/pem.h>

#include <algorithm>

#include "ca/certificate.h"
#include "ca/der.h"
#include "ca/openssl.h"
#include "firmware/base/base64.h"

namespace privyseal::ca {
namespace {

using Certificates = std::vector<Certificate>;

std::unexpected<Error> invalid(std::string_view what) {
  ERR_clear_error();
  return fail(ErrorCode::kInvalid, "certificates: " + std::string(what));
}

Result<void> add(Certificates& found, ByteView der) {
  if (found.size() == kMaxCertificates) return invalid("more than 8 of them");
  auto certificate = parse_certificate(der);
  if (!certificate) return std::unexpected(certificate.error());
  found.push_back(std::move(*certificate));
  return {};
}

/// certs-only SignedData (RFC 5652 section 5); BER, as some programs write it, is taken too.
Result<void> add_pkcs7(Certificates& found, ByteView der) {
  const unsigned char* at = uchar(der);
  const Pkcs7Ptr pkcs7(d2i_PKCS7(nullptr, &at, static_cast<long>(der.size())));
  if (pkcs7 == nullptr || at != uchar(der) + der.size()) return invalid("the PKCS#7 cannot be read");
  if (!PKCS7_type_is_signed(pkcs7.get()) || pkcs7->d.sign == nullptr)
    return invalid("the PKCS#7 is not of the kind that carries certificates");
  const STACK_OF(X509)* inside = pkcs7->d.sign->cert;
  for (int i = 0; i < sk_X509_num(inside); ++i) {
    const Bytes one = der_of(sk_X509_value(inside, i), i2d_X509);
    if (auto added = add(found, one); !added) return added;
  }
  return {};
}

/// A PKCS#7 begins with an object identifier, a certificate with a sequence.
bool looks_like_pkcs7(ByteView der) {
  constexpr std::byte kObjectIdentifier{0x06};
  for (std::size_t header = 2; header <= 6 && header < der.size(); ++header) {
    const auto first = std::to_integer<std::size_t>(der[1]);
    if (header == 2 + (first > 0x80 ? first - 0x80 : 0)) return der[header] == kObjectIdentifier;
  }
  return false;
}

Result<void> add_der(Certificates& found, ByteView der) {
  return looks_like_pkcs7(der) ? add_pkcs7(found, der) : add(found, der);
}

Result<void> add_pem_block(Certificates& found, std::string_view label, std::string_view header,
                           ByteView der) {
  if (label.contains("PRIVATE KEY"))
    return invalid("a private key is among them: it must never leave its place");
  if (!header.empty()) return invalid("a PEM block with headers");
  if (label == PEM_STRING_X509 || label == PEM_STRING_X509_OLD) return add(found, der);
  if (label == PEM_STRING_PKCS7 || label == PEM_STRING_CMS) return add_pkcs7(found, der);
  if (label == PEM_STRING_X509_REQ || label == PEM_STRING_X509_REQ_OLD)
    return invalid("this is a certification request, not the certificate made from it");
  return invalid("a PEM block that is no certificate");
}

struct PemBlock {
  char* label = nullptr;
  char* header = nullptr;
  unsigned char* der = nullptr;
  long length = 0;

  PemBlock() = default;
  ~PemBlock() {
    OPENSSL_free(label);
    OPENSSL_free(header);
    OPENSSL_clear_free(der, static_cast<std::size_t>(length));  // it may have been a key
  }
  PemBlock(const PemBlock&) = delete;  // two would free it
  PemBlock& operator=(const PemBlock&) = delete;
};

Result<void> add_pem(Certificates& found, std::string_view text) {
  const BioPtr memory(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
  while (true) {
    PemBlock block;
    ERR_clear_error();
    if (PEM_read_bio(memory.get(), &block.label, &block.header, &block.der, &block.length) != 1) {
      const bool is_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
      ERR_clear_error();
      if (is_end) return {};
      return invalid("the PEM text is damaged");
    }
    const auto der = std::as_bytes(std::span(block.der, static_cast<std::size_t>(block.length)));
    if (auto added = add_pem_block(found, block.label, block.header, der); !added) return added;
  }
}

Result<void> add_any(Certificates& found, ByteView outside) {
  constexpr std::byte kSequence{0x30};
  const std::string_view text = text_of(outside);
  // DER's SEQUENCE and the text "0" begin with the same byte.
  const bool is_binary = outside.size() > 1 && std::to_integer<int>(outside[1]) >= 0x80;
  if (outside[0] == kSequence && (is_binary || der::is_der(outside))) return add_der(found, outside);
  if (text.contains("-----BEGIN ")) return add_pem(found, text);
  const auto der = from_base64_lines(text);
  if (!der || der->empty()) return invalid("neither PEM, DER nor PKCS#7");
  return add_der(found, *der);
}

}  // namespace

Result<Certificates> parse_certificates(ByteView outside) {
  if (outside.empty()) return invalid("there is nothing");
  if (outside.size() > kMaxCertificateInputBytes) return invalid("more than 64 KiB");
  Certificates found;
  if (auto added = add_any(found, outside); !added) return std::unexpected(added.error());
  if (found.empty()) return invalid("there is none inside");
  return found;
}

}  // namespace privyseal::ca
