/// Builds the one Received: header line that every host adds to a mail (RFC 5321 section 4.4).
///
/// Pure; the caller gives the time as text. Everything from a peer is cleaned, so that no name
/// can end the header or start another one.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace privyseal::smtp {

/// No header of ours is longer, however long the two names in it are.
inline constexpr std::size_t kMaxTraceHeader = 1024;

struct TraceFacts {
  std::string_view client_name;     ///< from EHLO
  std::string_view client_address;  ///< IPv4 or IPv6, without brackets
  std::string_view hostname;        ///< ours
  bool is_esmtp = true;
  bool is_smtputf8 = false;
  std::string_view tls_version;  ///< "TLSv1.3"; empty: in clear
  std::string_view cipher;       ///< "TLS_AES_256_GCM_SHA384"
  std::string_view id;           ///< of the ledger row
  std::string_view date;         ///< RFC 5322: "Thu, 01 Oct 2026 09:01:02 +0000"
};

/// The header with its CRLF, folded; ready to stand first in the body.
[[nodiscard]] std::string received_header(const TraceFacts& facts);

}  // namespace privyseal::smtp
