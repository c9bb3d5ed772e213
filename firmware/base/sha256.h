/// SHA-256 (FIPS 180-4) and HMAC with it (FIPS 198-1) by libcrypto.
///
/// Threads: any.
#pragma once

#include <array>
#include <cstddef>
#include <initializer_list>

#include "firmware/base/bytes.h"

namespace privyseal {

using Digest = std::array<std::byte, 32>;

/// Over the parts, one behind the other.
[[nodiscard]] Digest sha256(std::initializer_list<ByteView> parts);
[[nodiscard]] inline Digest sha256(ByteView bytes) { return sha256(std::initializer_list<ByteView>{bytes}); }

[[nodiscard]] Digest hmac_sha256(ByteView key, ByteView message);

}  // namespace privyseal
