#include "firmware/base/host_port.h"

#include <arpa/inet.h>

#include <charconv>

namespace privyseal {
namespace {

bool is_ipv6_address(const std::string& text) {
  in6_addr address{};
  return ::inet_pton(AF_INET6, text.c_str(), &address) == 1;
}

bool is_ipv4_address(const std::string& text) {
  in_addr address{};
  return ::inet_pton(AF_INET, text.c_str(), &address) == 1;
}

/// inet_pton reads no further than a NUL.
bool has_nul(std::string_view text) { return text.contains('\0'); }

}  // namespace

std::string HostPort::text() const {
  return (host.contains(':') ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

bool is_ip_address(const std::string& text) {
  return !has_nul(text) && (is_ipv4_address(text) || is_ipv6_address(text));
}

Result<HostPort> parse_host_port(std::string_view text) {
  const auto bad = [] { return fail(ErrorCode::kInvalid, "must be HOST:PORT"); };
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) return bad();
  HostPort parsed{.host = std::string(text.substr(0, colon))};
  const char* const end = text.data() + text.size();
  if (std::from_chars(text.data() + colon + 1, end, parsed.port) != std::from_chars_result{end, {}})
    return bad();
  if (parsed.host.starts_with('[') && parsed.host.ends_with(']')) {
    parsed.host = parsed.host.substr(1, parsed.host.size() - 2);
    if (has_nul(parsed.host) || !is_ipv6_address(parsed.host)) return bad();
    return parsed;
  }
  if (parsed.host.empty() || parsed.host.find_first_of(":[]") != std::string::npos) return bad();
  return parsed;
}

}  // namespace privyseal
