/// A library context of a test's own, with the provider under test loaded into it.
#pragma once

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/provider.h>
#include <openssl/store.h>
#include <openssl/x509.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "firmware/base/check.h"
#include "firmware/base/free.h"
#include "hsm/provider/params.h"

namespace privyseal::hsm::provider {

using PkeyPtr = std::unique_ptr<EVP_PKEY, Free<EVP_PKEY_free>>;
using PkeyContextPtr = std::unique_ptr<EVP_PKEY_CTX, Free<EVP_PKEY_CTX_free>>;
using MdContextPtr = std::unique_ptr<EVP_MD_CTX, Free<EVP_MD_CTX_free>>;
using CertificatePtr = std::unique_ptr<X509, Free<X509_free>>;
using RequestPtr = std::unique_ptr<X509_REQ, Free<X509_REQ_free>>;

class Library {
 public:
  /// Loads the providers in this order; `defaults` are the default properties.
  explicit Library(std::filesystem::path socket,
                   const std::vector<std::string>& order = {"default", "privyseal"},
                   const char* defaults = nullptr)
      : context_(OSSL_LIB_CTX_new()), socket_(std::move(socket)) {
    CHECK(OSSL_PROVIDER_set_default_search_path(context_, PRIVYSEAL_PROVIDER_FOLDER) == 1);
    for (const std::string& name : order) {
      loaded_.push_back(name == kProviderName ? load_ours() : OSSL_PROVIDER_load(context_, name.c_str()));
      CHECK(loaded_.back() != nullptr);
    }
    if (defaults != nullptr) CHECK(EVP_set_default_properties(context_, defaults) == 1);
  }
  ~Library() {
    for (OSSL_PROVIDER* provider : loaded_) OSSL_PROVIDER_unload(provider);
    OSSL_LIB_CTX_free(context_);
  }
  Library(const Library&) = delete;
  Library& operator=(const Library&) = delete;

  [[nodiscard]] OSSL_LIB_CTX* get() const { return context_; }
  [[nodiscard]] OSSL_PROVIDER* provider() const { return loaded_.back(); }  ///< ours, when loaded last

  /// Null when it cannot be loaded.
  [[nodiscard]] PkeyPtr key(const std::string& uri) const {
    OSSL_STORE_CTX* store =
        OSSL_STORE_open_ex(uri.c_str(), context_, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr);
    if (store == nullptr) return nullptr;
    PkeyPtr key;
    while (key == nullptr && OSSL_STORE_eof(store) == 0) {
      OSSL_STORE_INFO* info = OSSL_STORE_load(store);
      if (info != nullptr && OSSL_STORE_INFO_get_type(info) == OSSL_STORE_INFO_PKEY)
        key.reset(OSSL_STORE_INFO_get1_PKEY(info));
      OSSL_STORE_INFO_free(info);
    }
    OSSL_STORE_close(store);
    return key;
  }

 private:
  OSSL_PROVIDER* load_ours() {
    std::string socket = socket_.string();
    OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string(kSocketParam, socket.data(), 0),
                           OSSL_PARAM_construct_end()};
    return OSSL_PROVIDER_load_ex(context_, kProviderName, params);
  }

  OSSL_LIB_CTX* context_;
  std::filesystem::path socket_;
  std::vector<OSSL_PROVIDER*> loaded_;
};

/// The input of a CertificateVerify with a made-up transcript hash (RFC 8446 section 4.4.3).
inline std::string verify_input(std::size_t hash_bytes = 32) {
  return std::string(64, ' ') + "TLS 1.3, server CertificateVerify" + '\0' + std::string(hash_bytes, '\x5a');
}

}  // namespace privyseal::hsm::provider
