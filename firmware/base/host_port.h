/// "relay.example:25", "192.0.2.1:25", "[2001:db8::1]:25": where something listens or is reached.
///
/// Pure. Threads: any.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "firmware/base/result.h"

namespace privyseal {

struct HostPort {
  std::string host{};  ///< an address or a name
  std::uint16_t port = 0;

  [[nodiscard]] std::string text() const;
};

/// An IPv4 or IPv6 address, without brackets and scope.
[[nodiscard]] bool is_ip_address(const std::string& text);

/// Total. An IPv6 address must stand in brackets; any other host is taken unread, for the caller to judge.
/// kInvalid: anything else.
[[nodiscard]] Result<HostPort> parse_host_port(std::string_view text);

}  // namespace privyseal
