/// Where a next hop is, and who must answer there, as settings write it in one line:
/// "192.0.2.7:25 = relay2.example", or "192.0.2.7:465 = relay2.example = implicit".
///
/// Pure and total. Threads: any.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "firmware/base/host_port.h"
#include "firmware/base/result.h"
#include "firmware/smtp/tls_start.h"

namespace privyseal::smtp {

/// Besides the first one. All of them are tried while one sender waits.
inline constexpr std::size_t kMostFurtherHops = 7;

struct HopPlace {
  HostPort address;
  std::string name;  ///< that its certificate must have
  TlsStart tls_start = TlsStart::kStartTls;

  /// As parse_hop_place reads it.
  [[nodiscard]] std::string line() const;
};

/// kInvalid: anything else. The host is taken as parse_host_port takes it.
[[nodiscard]] Result<HopPlace> parse_hop_place(std::string_view line);

}  // namespace privyseal::smtp
