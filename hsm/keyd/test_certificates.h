/// For tests: TBSCertificates and TBSCertLists that OpenSSL itself makes, and can make wrongly.
///
/// Ownership: each object owns what OpenSSL made. Threads: one.
#pragma once

#include <openssl/x509v3.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "firmware/base/check.h"
#include "firmware/base/free.h"
#include "hsm/keyd/test_keys.h"

namespace privyseal::keyd {

/// An extension as X509V3_EXT_nconf names and spells it: {"basicConstraints", "critical,CA:FALSE"}.
using TestExtensions = std::vector<std::pair<std::string, std::string>>;

inline const TestExtensions kEndEntityExtensions{{"basicConstraints", "critical,CA:FALSE"},
                                                 {"keyUsage", "critical,digitalSignature"},
                                                 {"extendedKeyUsage", "serverAuth,clientAuth"},
                                                 {"subjectAltName", "DNS:mail.lawfirm.example"},
                                                 {"crlDistributionPoints", "URI:http://gateway/crl"}};
inline const TestExtensions kRootExtensions{{"basicConstraints", "critical,CA:TRUE,pathlen:0"},
                                            {"keyUsage", "critical,keyCertSign,cRLSign"}};

inline void name_it(X509_NAME* name, const std::string& common_name) {
  CHECK(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
                                   reinterpret_cast<const unsigned char*>(common_name.c_str()), -1, -1,
                                   0) == 1);
}

inline X509_EXTENSION* test_extension(const std::string& name, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, nullptr, nullptr, nullptr, nullptr, 0);
  X509_EXTENSION* made = X509V3_EXT_nconf(nullptr, &context, name.c_str(), value.c_str());
  CHECK(made != nullptr);
  return made;
}

inline std::shared_ptr<ASN1_TIME> test_time(const std::string& text) {  // "20260301000000Z"
  std::shared_ptr<ASN1_TIME> time(ASN1_TIME_new(), ASN1_STRING_free);
  CHECK(ASN1_TIME_set_string_X509(time.get(), text.c_str()) == 1);
  return time;
}

inline std::shared_ptr<ASN1_INTEGER> test_integer(const std::string& hex) {
  BIGNUM* number = nullptr;
  CHECK(BN_hex2bn(&number, hex.c_str()) > 0);
  std::shared_ptr<ASN1_INTEGER> integer(BN_to_ASN1_INTEGER(number, nullptr), ASN1_STRING_free);
  BN_free(number);
  return integer;
}

struct TestCertificate {
  TestKey ca;
  TestKey subject_key;
  const EVP_MD* digest = EVP_sha256();
  std::string serial = "4A11223344556677";
  std::string issuer = "Appliance CA";
  std::string subject = "mail.lawfirm.example";
  std::string not_before = "20260301000000Z";
  std::string not_after = "20270301000000Z";
  TestExtensions extensions = kEndEntityExtensions;
  long version = X509_VERSION_3;

  [[nodiscard]] Bytes tbs() const {
    const std::unique_ptr<X509, Free<X509_free>> made(X509_new());
    X509* x509 = made.get();
    CHECK(X509_set_version(x509, version) == 1);
    CHECK(X509_set_serialNumber(x509, test_integer(serial).get()) == 1);
    if (!issuer.empty()) name_it(X509_get_issuer_name(x509), issuer);
    if (!subject.empty()) name_it(X509_get_subject_name(x509), subject);
    CHECK(X509_set1_notBefore(x509, test_time(not_before).get()) == 1);
    CHECK(X509_set1_notAfter(x509, test_time(not_after).get()) == 1);
    CHECK(X509_set_pubkey(x509, subject_key.get()) == 1);
    for (const auto& [name, value] : extensions) {
      X509_EXTENSION* extension = test_extension(name, value);
      CHECK(X509_add_ext(x509, extension, -1) == 1);
      X509_EXTENSION_free(extension);
    }
    CHECK(X509_sign(x509, ca.get(), digest) > 0);
    CHECK(X509_set_version(x509, version) == 1);  // signing with extensions makes it version 3
    return der_of<i2d_re_X509_tbs>(x509);
  }
};

struct TestCrl {
  TestKey ca;
  const EVP_MD* digest = EVP_sha256();
  std::string issuer = "Appliance CA";
  std::string this_update = "20260301000000Z";
  std::string next_update = "20260331000000Z";  // empty: none
  std::string number = "07";                    // empty: none
  std::vector<std::string> revoked{"4A11223344556677"};
  TestExtensions extensions{};
  TestExtensions entry_extensions{{"CRLReason", "DER:0A0101"}};
  long version = X509_CRL_VERSION_2;

  [[nodiscard]] Bytes tbs() const {
    const std::unique_ptr<X509_CRL, Free<X509_CRL_free>> made(X509_CRL_new());
    X509_CRL* crl = made.get();
    CHECK(X509_CRL_set_version(crl, version) == 1);
    const std::unique_ptr<X509_NAME, Free<X509_NAME_free>> name(X509_NAME_new());
    if (!issuer.empty()) name_it(name.get(), issuer);
    CHECK(X509_CRL_set_issuer_name(crl, name.get()) == 1);
    CHECK(X509_CRL_set1_lastUpdate(crl, test_time(this_update).get()) == 1);
    if (!next_update.empty()) CHECK(X509_CRL_set1_nextUpdate(crl, test_time(next_update).get()) == 1);
    if (!number.empty())
      CHECK(X509_CRL_add1_ext_i2d(crl, NID_crl_number, test_integer(number).get(), 0, 0) == 1);
    for (const auto& [kind, value] : extensions) {
      X509_EXTENSION* extension = test_extension(kind, value);
      CHECK(X509_CRL_add_ext(crl, extension, -1) == 1);
      X509_EXTENSION_free(extension);
    }
    for (const std::string& serial : revoked) CHECK(X509_CRL_add0_revoked(crl, entry_of(serial)) == 1);
    CHECK(X509_CRL_sign(crl, ca.get(), digest) > 0);
    return der_of<i2d_re_X509_CRL_tbs>(crl);
  }

 private:
  [[nodiscard]] X509_REVOKED* entry_of(const std::string& serial) const {
    X509_REVOKED* entry = X509_REVOKED_new();
    CHECK(X509_REVOKED_set_serialNumber(entry, test_integer(serial).get()) == 1);
    CHECK(X509_REVOKED_set_revocationDate(entry, test_time(this_update).get()) == 1);
    for (const auto& [kind, value] : entry_extensions) {
      X509_EXTENSION* extension = test_extension(kind, value);
      CHECK(X509_REVOKED_add_ext(entry, extension, -1) == 1);
      X509_EXTENSION_free(extension);
    }
    return entry;
  }
};

}  // namespace privyseal::keyd
