/// The addresses that may connect to a listener: networks in CIDR form (RFC 4632).
///
/// Pure. Threads: any, after parsing.
#pragma once

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/network_v4.hpp>
#include <boost/asio/ip/network_v6.hpp>
#include <string>
#include <variant>
#include <vector>

#include "firmware/base/result.h"

namespace privyseal::gateway {

class ClientList {
 public:
  /// Each text is an address or a network: "192.0.2.7", "192.0.2.0/24", "2001:db8::/32".
  [[nodiscard]] static Result<ClientList> parse(const std::vector<std::string>& texts);

  /// An IPv4 address that came over an IPv6 socket ("::ffff:192.0.2.7") counts as IPv4.
  [[nodiscard]] bool contains(const boost::asio::ip::address& address) const;

 private:
  std::vector<std::variant<boost::asio::ip::network_v4, boost::asio::ip::network_v6>> networks_;
};

}  // namespace privyseal::gateway
