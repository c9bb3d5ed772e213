/// SHA-256 (FIPS 180-4) and HMAC with it (FIPS 198-1) by libcrypto.
///
/// Threads: any.
#pragma once

#include <array>
#include <cstddef>
#include <initializer_list>
#include <memory>

#include "firmware/base/bytes.h"

namespace privyseal {

using Digest = std::array<std::byte, 32>;

/// Over the parts, one behind the other.
[[nodiscard]] Digest sha256(std::initializer_list<ByteView> parts);
[[nodiscard]] inline Digest sha256(ByteView bytes) { return sha256(std::initializer_list<ByteView>{bytes}); }

/// The same for what comes in pieces. Threads: one at a time.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  void add(ByteView bytes);
  [[nodiscard]] Digest finish();  ///< once; nothing is added after it

 private:
  struct Context;
  std::unique_ptr<Context> context_;
};

[[nodiscard]] Digest hmac_sha256(ByteView key, ByteView message);

}  // namespace privyseal
