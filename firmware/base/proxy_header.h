/// The header by which a proxy in front of us tells whose connection it passes on (PROXY protocol, version
/// 2).
///
/// Pure and total. Only a proxy that the settings list may say such a thing: the address in it decides who
/// may send mail. Version 1, which is text, is not read.
///
/// How to read one: kProxyFixedBytes, then proxy_header_size() tells how many bytes the header has in all.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "firmware/base/bytes.h"
#include "firmware/base/result.h"

namespace privyseal {

inline constexpr std::size_t kProxyFixedBytes = 16;
/// The longest address and 300 bytes for what else a proxy may add.
inline constexpr std::size_t kMaxProxyHeader = 536;

struct ProxyHeader {
  /// The proxy speaks for itself, to see that we live; there is no client.
  bool is_local = false;
  std::string address{};  ///< IPv4 or IPv6
  std::uint16_t port = 0;
};

/// `fixed` is the first kProxyFixedBytes. kInvalid: no such header, or one that is longer than
/// kMaxProxyHeader.
[[nodiscard]] Result<std::size_t> proxy_header_size(ByteView fixed);

/// `header` has exactly the size that was told. kInvalid: not TCP over IPv4 or IPv6, or malformed.
[[nodiscard]] Result<ProxyHeader> parse_proxy_header(ByteView header);

}  // namespace privyseal
