/// Base64 (RFC 4648 section 4) as PEM and EST carry it.
///
/// Pure. Threads: any.
#pragma once

#include <string>
#include <string_view>

#include "firmware/base/bytes.h"
#include "firmware/base/result.h"

namespace privyseal::ca {

/// Lines of 76 characters, each with a CRLF (RFC 2045 section 6.8).
[[nodiscard]] std::string base64_lines(ByteView bytes);

/// Takes white space anywhere; nothing else that is not of the alphabet, padding only where it
/// belongs, no stray bits. kInvalid.
[[nodiscard]] Result<Bytes> parse_base64(std::string_view text);

}  // namespace privyseal::ca
