/// Our log-in at the next hop: AUTH PLAIN (RFC 4954, RFC 4616), which only TLS makes fit to be used.
#pragma once

#include <string_view>

#include "firmware/base/result.h"
#include "firmware/base/secret.h"

namespace privyseal::smtp {

/// The line to send, with its CRLF; made once, because it never changes.
/// kInvalid: a name or password that is empty, holds a NUL, or is longer than 255 bytes (RFC 4616 section 2).
[[nodiscard]] Result<Secret> auth_plain_line(std::string_view user, Secret password);

}  // namespace privyseal::smtp
