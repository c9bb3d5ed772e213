#include "firmware/smtp/hop_place.h"

#include "firmware/base/words.h"
#include "firmware/smtp/address.h"

namespace privyseal::smtp {

std::string HopPlace::line() const {
  return address.text() + " = " + name + (tls_start == TlsStart::kImplicit ? " = implicit" : "");
}

Result<HopPlace> parse_hop_place(std::string_view line) {
  const auto parts = parts_of(line, '=');
  if (parts.size() < 2 || parts.size() > 3 || !is_domain(parts[1]))
    return fail(ErrorCode::kInvalid, "must list hops such as \"192.0.2.7:25 = relay2.example\"");
  const auto tls_start = parts.size() == 3 ? parse_tls_start(parts[2]) : TlsStart::kStartTls;
  if (!tls_start) return std::unexpected(tls_start.error());
  auto address = parse_host_port(parts[0]);
  if (!address) return std::unexpected(address.error());
  if (address->port == 0) return fail(ErrorCode::kInvalid, "must not have port 0");
  return HopPlace{.address = std::move(*address), .name = parts[1], .tls_start = *tls_start};
}

}  // namespace privyseal::smtp
