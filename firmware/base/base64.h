/// Base64 with padding (RFC 4648 section 4).
#pragma once

#include <string>
#include <string_view>

#include "firmware/base/bytes.h"
#include "firmware/base/result.h"

namespace privyseal {

[[nodiscard]] std::string to_base64(ByteView bytes);

/// Total, and strict: no line ends, full padding, no stray bits in the last digit, so that every byte string
/// has exactly one text. kInvalid: anything else.
[[nodiscard]] Result<Bytes> from_base64(std::string_view text);

}  // namespace privyseal
