/// For tests: software keys, and the CertificationRequestInfo that OpenSSL itself makes for them.
#pragma once

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <memory>
#include <string>

#include "firmware/base/bytes.h"
#include "firmware/base/check.h"

namespace privyseal::keyd {

using TestKey = std::shared_ptr<EVP_PKEY>;

inline TestKey make_test_key(const char* group) {
  TestKey key(EVP_EC_gen(group), EVP_PKEY_free);
  CHECK(key);
  return key;
}

template <auto Encode, class T>
Bytes der_of(T* object) {
  unsigned char* der = nullptr;
  const int length = Encode(object, &der);
  CHECK(length > 0);
  Bytes bytes = copy_of(std::as_bytes(std::span(der, static_cast<std::size_t>(length))));
  OPENSSL_free(der);
  return bytes;
}

inline Bytes spki_of(const TestKey& key) { return der_of<i2d_PUBKEY>(key.get()); }

/// 04 || x || y
inline Bytes point_of(const TestKey& key) {
  std::size_t length = 0;
  CHECK(EVP_PKEY_get_octet_string_param(key.get(), OSSL_PKEY_PARAM_PUB_KEY, nullptr, 0, &length) == 1);
  Bytes point(length);
  CHECK(EVP_PKEY_get_octet_string_param(key.get(), OSSL_PKEY_PARAM_PUB_KEY, uchar(std::span(point)), length,
                                        &length) == 1);
  return point;
}

/// CN=gw.example.cjsm.net with that name as subjectAltName.
inline Bytes request_info_of(const TestKey& key, bool has_two_attributes = false) {
  const std::unique_ptr<X509_REQ, decltype(&X509_REQ_free)> request(X509_REQ_new(), X509_REQ_free);
  X509_NAME* subject = X509_REQ_get_subject_name(request.get());
  const auto* name = reinterpret_cast<const unsigned char*>("gw.example.cjsm.net");
  CHECK(X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, name, -1, -1, 0) == 1);
  CHECK(X509_REQ_set_pubkey(request.get(), key.get()) == 1);
  STACK_OF(X509_EXTENSION)* extensions = sk_X509_EXTENSION_new_null();
  sk_X509_EXTENSION_push(
      extensions, X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, "DNS:gw.example.cjsm.net"));
  CHECK(X509_REQ_add_extensions(request.get(), extensions) == 1);
  sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
  if (has_two_attributes)
    CHECK(X509_REQ_add1_attr_by_NID(request.get(), NID_pkcs9_unstructuredName, MBSTRING_ASC, name, -1) == 1);
  return der_of<i2d_re_X509_REQ_tbs>(request.get());
}

}  // namespace privyseal::keyd
