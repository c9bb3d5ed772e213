#include "firmware/gateway/clear_hosts.h"

namespace privyseal::gateway {

Result<ClearHosts> ClearHosts::make(const std::vector<smtp::ClearException>& exceptions) {
  ClearHosts hosts;
  for (const smtp::ClearException& exception : exceptions) {
    auto list = ClientList::parse({exception.host});
    if (!list) return std::unexpected(list.error());
    hosts.exceptions_.emplace_back(std::move(*list), exception);
  }
  return hosts;
}

const smtp::ClearException* ClearHosts::find(const boost::asio::ip::address& host, WallTime now) const {
  for (const auto& [list, exception] : exceptions_)
    if (exception.is_in_force(now) && list.contains(host)) return &exception;
  return nullptr;
}

bool ClearUses::is_news(const std::string& host, std::chrono::steady_clock::time_point now) {
  constexpr std::chrono::hours kQuietFor{1};
  return named_at_.with([&](auto& named_at) {
    const auto [named, is_new] = named_at.try_emplace(host, now);
    if (!is_new && now - named->second < kQuietFor) return false;
    named->second = now;
    return true;
  });
}

}  // namespace privyseal::gateway
