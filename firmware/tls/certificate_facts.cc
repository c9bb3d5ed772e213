#include "firmware/tls/certificate_facts.h"

#include <openssl/bn.h>

#include <array>
#include <format>

#include "firmware/base/bytes.h"
#include "firmware/tls/openssl.h"

namespace privyseal::tls {

std::string to_text(const X509_NAME* name) {
  const BioPtr bio(BIO_new(BIO_s_mem()));
  X509_NAME_print_ex(bio.get(), name, 0, XN_FLAG_RFC2253);
  char* text = nullptr;
  const long length = BIO_get_mem_data(bio.get(), &text);
  return length <= 0 ? std::string() : std::string(text, static_cast<std::size_t>(length));
}

std::string to_text(const ASN1_TIME* time) {
  std::tm parts{};
  if (time == nullptr || ASN1_TIME_to_tm(time, &parts) != 1) return {};
  return std::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", parts.tm_year + 1900, parts.tm_mon + 1,
                     parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec);
}

namespace {

std::string serial_of(const X509* certificate) {
  const std::unique_ptr<BIGNUM, Free<BN_free>> number(
      ASN1_INTEGER_to_BN(X509_get0_serialNumber(certificate), nullptr));
  char* text = number ? BN_bn2hex(number.get()) : nullptr;
  std::string serial = text == nullptr ? "" : text;
  OPENSSL_free(text);
  return serial;
}

std::string fingerprint_of(const X509* certificate) {
  std::array<std::byte, EVP_MAX_MD_SIZE> digest;
  unsigned length = 0;
  if (X509_digest(certificate, EVP_sha256(), uchar(std::span<std::byte>(digest)), &length) != 1) return {};
  return to_hex(std::span(digest).first(length));
}

}  // namespace

CertificateFacts facts_of(const X509* certificate) {
  return {.subject = to_text(X509_get_subject_name(certificate)),
          .issuer = to_text(X509_get_issuer_name(certificate)),
          .serial = serial_of(certificate),
          .not_after = to_text(X509_get0_notAfter(certificate)),
          .fingerprint = fingerprint_of(certificate)};
}

}  // namespace privyseal::tls
