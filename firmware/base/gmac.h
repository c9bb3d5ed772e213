/// GMAC (NIST SP 800-38D) with AES-256 by libcrypto, under a nonce that never changes: a secret fingerprint
/// of many bytes, about ten times as fast as SHA-256.
///
/// What it gives must stay secret: two values under one key and one nonce give the key's hash subkey away. So
/// it is for what goes into a HMAC at once (as in mail_identity.cc), and nothing else. Who knows neither the
/// key nor a value finds two inputs with the same one with a probability of one in 2^128 for each block of
/// 16 bytes in them.
///
/// Threads: one.
#pragma once

#include <array>
#include <cstddef>
#include <memory>

#include "firmware/base/bytes.h"

namespace privyseal {

class Gmac {
 public:
  using Tag = std::array<std::byte, 16>;

  explicit Gmac(const std::array<std::byte, 32>& key);
  void add(ByteView bytes);
  /// Once, and nothing is added behind it.
  [[nodiscard]] Tag finish();

 private:
  struct Free {
    void operator()(void* context) const;
  };
  std::unique_ptr<void, Free> context_;  // EVP_MAC_CTX
};

}  // namespace privyseal
