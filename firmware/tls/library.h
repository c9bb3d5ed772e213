/// Our own OpenSSL library context, with the key provider loaded by configuration.
///
/// The gateway does not link the provider: the configuration file names the module
/// and keyd's socket, as it would for any other OpenSSL program.
///
/// Threads: any. Ownership: must outlive every context and stream made with it.
#pragma once

#include <openssl/types.h>

#include <filesystem>
#include <memory>
#include <string>

#include "firmware/base/result.h"

namespace privyseal::tls {

class Library {
 public:
  /// kInvalid: the configuration does not load, or a provider it names does not.
  [[nodiscard]] static Result<std::shared_ptr<const Library>> load(
      const std::filesystem::path& configuration);
  ~Library();

  Library(const Library&) = delete;  // it is the address that contexts hold
  Library& operator=(const Library&) = delete;

  [[nodiscard]] OSSL_LIB_CTX* get() const { return context_; }

  /// A private key by its URI, for example "keyd:gateway". The key itself stays where it is.
  [[nodiscard]] Result<std::shared_ptr<EVP_PKEY>> key(const std::string& uri) const;

  /// Asks the key provider whether keyd answers now: a socket round trip, bounded in time, which blocks
  /// unless it is made inside a Job. ask_keys does that.
  [[nodiscard]] bool keys_ready() const;

 private:
  Library(OSSL_LIB_CTX* context, OSSL_PROVIDER* provider) : context_(context), provider_(provider) {}

  OSSL_LIB_CTX* context_;
  OSSL_PROVIDER* provider_;  // ours
};

/// "OpenSSL 3.5.1 1 Jul 2025": the one that runs.
[[nodiscard]] std::string openssl_version();

}  // namespace privyseal::tls
