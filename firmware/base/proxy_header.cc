#include "firmware/base/proxy_header.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <string_view>

namespace privyseal {
namespace {

constexpr std::string_view kSignature("\r\n\r\n\0\r\nQUIT\n", 12);
constexpr unsigned kLocal = 0x20;  // version 2 and the command
constexpr unsigned kProxy = 0x21;

/// Source and destination address, then both ports.
struct Family {
  unsigned code;  ///< address family and TCP
  int inet;
  std::size_t address_size;
  [[nodiscard]] std::size_t size() const { return 2 * address_size + 4; }
};
constexpr std::array kFamilies{Family{0x11, AF_INET, 4}, Family{0x21, AF_INET6, 16}};

unsigned byte_at(ByteView bytes, std::size_t at) { return std::to_integer<unsigned>(bytes[at]); }
unsigned number_at(ByteView bytes, std::size_t at) {
  return byte_at(bytes, at) << 8U | byte_at(bytes, at + 1);
}

/// Type, length, value, one after the other up to the last byte.
bool is_list(ByteView rest) {
  constexpr std::size_t kHead = 3;
  while (rest.size() >= kHead) {
    const std::size_t size = kHead + number_at(rest, 1);
    if (size > rest.size()) return false;
    rest = rest.subspan(size);
  }
  return rest.empty();
}

}  // namespace

Result<std::size_t> proxy_header_size(ByteView fixed) {
  if (fixed.size() != kProxyFixedBytes || !text_of(fixed).starts_with(kSignature))
    return fail(ErrorCode::kInvalid, "proxy: no header");
  const std::size_t size = kProxyFixedBytes + number_at(fixed, 14);
  if (size > kMaxProxyHeader) return fail(ErrorCode::kInvalid, "proxy: header too long");
  return size;
}

Result<ProxyHeader> parse_proxy_header(ByteView header) {
  const auto size = proxy_header_size(header.first(std::min(header.size(), kProxyFixedBytes)));
  if (!size) return std::unexpected(size.error());
  if (header.size() != *size) return fail(ErrorCode::kInvalid, "proxy: header cut off");
  const unsigned command = byte_at(header, 12);
  if (command == kLocal) return ProxyHeader{.is_local = true};
  if (command != kProxy) return fail(ErrorCode::kInvalid, "proxy: neither LOCAL nor PROXY of version 2");
  const auto* family = std::ranges::find(kFamilies, byte_at(header, 13), &Family::code);
  if (family == kFamilies.end()) return fail(ErrorCode::kInvalid, "proxy: not TCP over IPv4 or IPv6");
  const ByteView body = header.subspan(kProxyFixedBytes);
  if (body.size() < family->size() || !is_list(body.subspan(family->size())))
    return fail(ErrorCode::kInvalid, "proxy: malformed header");
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (::inet_ntop(family->inet, body.data(), text.data(), text.size()) == nullptr)
    return fail(ErrorCode::kInvalid, "proxy: no address");
  return ProxyHeader{.is_local = false,
                     .address = text.data(),
                     .port = static_cast<std::uint16_t>(number_at(body, 2 * family->address_size))};
}

}  // namespace privyseal
