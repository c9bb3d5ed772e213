#include "firmware/gateway/client_list.h"

#include <algorithm>

namespace privyseal::gateway {

namespace ip = boost::asio::ip;
using boost::system::error_code;

Result<ClientList> ClientList::parse(const std::vector<std::string>& texts) {
  ClientList list;
  for (const std::string& text : texts) {
    error_code not_v4;
    error_code not_v6;
    const bool has_length = text.contains('/');
    const auto v4 = ip::make_network_v4(has_length ? text : text + "/32", not_v4);
    const auto v6 = ip::make_network_v6(has_length ? text : text + "/128", not_v6);
    if (!not_v4)
      list.networks_.emplace_back(v4.canonical());
    else if (!not_v6)
      list.networks_.emplace_back(v6.canonical());
    else
      return fail(ErrorCode::kInvalid, "client list: '" + text + "' is no address or network");
  }
  return list;
}

bool ClientList::contains(const ip::address& address) const {
  const bool mapped = address.is_v6() && address.to_v6().is_v4_mapped();
  const ip::address plain =
      mapped ? ip::address(ip::make_address_v4(ip::v4_mapped, address.to_v6())) : address;
  return std::ranges::any_of(networks_, [&](const auto& network) {
    if (const auto* v4 = std::get_if<ip::network_v4>(&network))
      return plain.is_v4() && ip::network_v4(plain.to_v4(), v4->prefix_length()).canonical() == *v4;
    const auto& v6 = std::get<ip::network_v6>(network);
    return plain.is_v6() && ip::network_v6(plain.to_v6(), v6.prefix_length()).canonical() == v6;
  });
}

}  // namespace privyseal::gateway
