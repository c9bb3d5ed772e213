/// What the provider's parts share: one loaded provider in one library context.
///
/// Threads: any. Ownership: OpenSSL keeps it from OSSL_provider_init to teardown,
/// which is after the last key and the last signature context.
#pragma once

#include <openssl/core.h>
#include <openssl/core_dispatch.h>

#include <memory>

#include "firmware/base/result.h"
#include "hsm/provider/keys.h"

namespace privyseal::hsm::provider {

struct Context {
  std::unique_ptr<Keys> keys;
  // The caller's BIOs; null: the core offers none.
  OSSL_FUNC_BIO_read_ex_fn* read = nullptr;
  OSSL_FUNC_BIO_write_ex_fn* write = nullptr;
};

/// What OpenSSL's property queries know the algorithms by.
inline constexpr char kProperties[] = "provider=" PRIVYSEAL_PROVIDER_NAME;

/// Puts an error on OpenSSL's queue, where the calling program looks for it.
void raise(const Error& error);

/// A dispatch entry whose function has the type that OpenSSL documents for its number.
template <class Function>
OSSL_DISPATCH entry(int number, Function* function) {
  return {number, reinterpret_cast<void (*)()>(function)};
}

}  // namespace privyseal::hsm::provider
