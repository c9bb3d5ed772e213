/// What the provider's parts share: one loaded provider in one library context.
///
/// Threads: any. Ownership: OpenSSL keeps it from OSSL_provider_init to teardown,
/// which is after the last key and the last signature context.
#pragma once

#include <openssl/core.h>

#include "firmware/base/result.h"
#include "hsm/async_client.h"
#include "hsm/client.h"

namespace privyseal::hsm::provider {

struct Context {
  Client keyd;               ///< blocks its caller
  AsyncClient keyd_in_jobs;  ///< pauses the caller's ASYNC job
};

/// Puts an error on OpenSSL's queue, where the calling program looks for it.
void raise(const Error& error);

/// A dispatch entry whose function has the type that OpenSSL documents for its number.
template <class Function>
OSSL_DISPATCH entry(int number, Function* function) {
  return {number, reinterpret_cast<void (*)()>(function)};
}

}  // namespace privyseal::hsm::provider
