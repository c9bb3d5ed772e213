/// Which bytes over 127 may stand in a mail address (RFC 6531 section 3.3, RFC 3629).
#pragma once

#include <string_view>

namespace privyseal::smtp {

/// True for text in UTF-8: shortest forms only, no surrogates, nothing over U+10FFFF, and none of the control
/// characters U+0080 to U+009F. Bytes below 128 are not looked at.
[[nodiscard]] bool is_utf8(std::string_view text);

/// True if all bytes are below 128.
[[nodiscard]] bool is_ascii(std::string_view text);

}  // namespace privyseal::smtp
