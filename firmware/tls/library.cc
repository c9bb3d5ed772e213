#include "firmware/tls/library.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/provider.h>
#include <openssl/store.h>

#include "firmware/tls/openssl.h"

namespace privyseal::tls {
namespace {

constexpr const char* kProviderName = "privyseal";
constexpr const char* kReadyParameter = "keyd-ready";  // hsm/provider/params.h

}  // namespace

Result<std::shared_ptr<const Library>> Library::load(const std::filesystem::path& configuration) {
  LibCtxPtr context(OSSL_LIB_CTX_new());
  if (!context) return fail_openssl(ErrorCode::kUnavailable, "openssl");
  if (OSSL_LIB_CTX_load_config(context.get(), configuration.c_str()) != 1)
    return fail_openssl(ErrorCode::kInvalid, configuration.string());
  // The configuration has activated it already; this only takes a handle.
  OSSL_PROVIDER* provider = OSSL_PROVIDER_try_load(context.get(), kProviderName, 1);
  if (provider == nullptr)
    return fail_openssl(ErrorCode::kInvalid, configuration.string() + ": key provider");
  return std::shared_ptr<const Library>(new Library(context.release(), provider));
}

Library::~Library() {
  OSSL_PROVIDER_unload(provider_);
  OSSL_LIB_CTX_free(context_);
}

Result<std::shared_ptr<EVP_PKEY>> Library::key(const std::string& uri) const {
  const std::unique_ptr<OSSL_STORE_CTX, Free<OSSL_STORE_close>> store(
      OSSL_STORE_open_ex(uri.c_str(), context_, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr));
  if (!store) return fail_openssl(ErrorCode::kUnavailable, uri);
  if (OSSL_STORE_expect(store.get(), OSSL_STORE_INFO_PKEY) != 1)
    return fail_openssl(ErrorCode::kUnavailable, uri);
  const std::unique_ptr<OSSL_STORE_INFO, Free<OSSL_STORE_INFO_free>> info(OSSL_STORE_load(store.get()));
  if (!info) return fail_openssl(ErrorCode::kUnavailable, uri);
  EVP_PKEY* key = OSSL_STORE_INFO_get1_PKEY(info.get());
  if (key == nullptr) return fail_openssl(ErrorCode::kNotFound, uri);
  return std::shared_ptr<EVP_PKEY>(key, EVP_PKEY_free);
}

bool Library::keys_ready() const {
  int ready = 0;
  OSSL_PARAM parameters[] = {OSSL_PARAM_construct_int(kReadyParameter, &ready), OSSL_PARAM_construct_end()};
  const bool answered = OSSL_PROVIDER_get_params(provider_, parameters) == 1;
  ERR_clear_error();
  return answered && ready == 1;
}

std::string openssl_version() { return OpenSSL_version(OPENSSL_VERSION); }

}  // namespace privyseal::tls
