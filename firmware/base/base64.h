/// Base64 (RFC 4648), the only one of ours: plain, in lines, and for URLs.
///
/// Pure. Threads: any. All readers are total, and take one text only for every byte string: no stray bits in
/// the last digit, padding exactly where it belongs. kInvalid: anything else.
#pragma once

#include <string>
#include <string_view>

#include "firmware/base/bytes.h"
#include "firmware/base/result.h"

namespace privyseal {

/// Section 4, with padding and without line ends.
[[nodiscard]] std::string to_base64(ByteView bytes);
[[nodiscard]] Result<Bytes> from_base64(std::string_view text);

/// The same behind what `to` holds already. For secrets, whose memory must not move: it is no more than
/// base64_size(bytes) longer afterwards.
void append_base64(Bytes& to, ByteView bytes);
[[nodiscard]] constexpr std::size_t base64_size(ByteView bytes) { return (bytes.size() + 2) / 3 * 4; }

// How PEM (RFC 7468) and MIME, so EST (RFC 2045 section 6.8), cut it into lines.
struct Base64Lines {
  std::size_t most_digits;  ///< in one line
  std::string_view end;     ///< of each line, also the last
};
inline constexpr Base64Lines kPemLines{.most_digits = 64, .end = "\n"};
inline constexpr Base64Lines kMimeLines{.most_digits = 76, .end = "\r\n"};

[[nodiscard]] std::string to_base64_lines(ByteView bytes, Base64Lines lines);
/// Lenient in one thing: white space may stand anywhere.
[[nodiscard]] Result<Bytes> from_base64_lines(std::string_view text);

/// Section 5, without padding, as WebAuthn writes bytes.
[[nodiscard]] std::string to_base64url(ByteView bytes);
[[nodiscard]] Result<Bytes> from_base64url(std::string_view text);

}  // namespace privyseal
