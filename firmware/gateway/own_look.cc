#include "firmware/gateway/own_look.h"

namespace privyseal::gateway {

bool is_own_look(const boost::asio::ip::address& peer, const HostPort& listen, std::string_view why) {
  if (why != "no-certificate") return false;
  boost::system::error_code no_address;
  const auto own = boost::asio::ip::make_address(listen.host, no_address);
  return peer.is_loopback() || (!no_address && peer == own);
}

}  // namespace privyseal::gateway
