/// The little cryptography that the console does itself: randomness, form tokens, equality. No keys of the
/// appliance.
///
/// Threads: any.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "firmware/base/bytes.h"
#include "firmware/base/sha256.h"

namespace privyseal::web {

[[nodiscard]] Digest hmac_sha256(ByteView key, ByteView bytes);

/// From the kernel's generator; without it the process ends.
[[nodiscard]] Bytes random_bytes(std::size_t count);

/// In a time that does not depend on where they differ.
[[nodiscard]] bool is_same_secret(ByteView one, ByteView other);

/// base64url without padding (RFC 4648 section 5), as WebAuthn writes bytes.
[[nodiscard]] std::string to_base64url(ByteView bytes);
/// None: another alphabet, padding, or bits left over.
[[nodiscard]] std::optional<Bytes> from_base64url(std::string_view text);

}  // namespace privyseal::web
