/// How TLS begins with a mail server that we call. Nothing is ever said without it.
#pragma once

#include <string_view>

#include "firmware/base/result.h"

namespace privyseal::smtp {

enum class TlsStart {
  kStartTls,  ///< a greeting and an EHLO in clear, then STARTTLS (RFC 3207)
  kImplicit,  ///< the handshake comes before the greeting (RFC 8314 section 3)
};

/// The words of the settings: "starttls", "implicit". kInvalid: another one.
[[nodiscard]] inline Result<TlsStart> parse_tls_start(std::string_view word) {
  if (word == "starttls") return TlsStart::kStartTls;
  if (word == "implicit") return TlsStart::kImplicit;
  return fail(ErrorCode::kInvalid, "must be starttls or implicit");
}

}  // namespace privyseal::smtp
