/// The little cryptography that the console does itself: form tokens, equality. No keys of the appliance.
///
/// Threads: any.
#pragma once

#include "firmware/base/bytes.h"
#include "firmware/base/sha256.h"

namespace privyseal::web {

[[nodiscard]] Digest hmac_sha256(ByteView key, ByteView bytes);

/// In a time that does not depend on where they differ.
[[nodiscard]] bool is_same_secret(ByteView one, ByteView other);

}  // namespace privyseal::web
