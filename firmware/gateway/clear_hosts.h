/// Who may bring mail in clear now: the exceptions of the settings (smtp/clear_exception.h), and a memory of
/// whom the log has named lately.
///
/// Threads: any.
#pragma once

#include <boost/asio/ip/address.hpp>
#include <chrono>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "firmware/base/clock.h"
#include "firmware/base/guarded.h"
#include "firmware/base/result.h"
#include "firmware/gateway/client_list.h"
#include "firmware/smtp/clear_exception.h"

namespace privyseal::gateway {

class ClearHosts {
 public:
  /// Errors as ClientList::parse.
  [[nodiscard]] static Result<ClearHosts> make(const std::vector<smtp::ClearException>& exceptions);

  /// The first exception for this host that is in force; null: it must use TLS. Lives as long as this.
  [[nodiscard]] const smtp::ClearException* find(const boost::asio::ip::address& host, WallTime now) const;

 private:
  std::vector<std::pair<ClientList, smtp::ClearException>> exceptions_;
};

/// One line an hour for each host. There are no more of them than the exceptions can name.
class ClearUses {
 public:
  /// Whether the log should name `host` now.
  [[nodiscard]] bool is_news(const std::string& host, std::chrono::steady_clock::time_point now);

 private:
  Guarded<std::map<std::string, std::chrono::steady_clock::time_point>> named_at_;
};

}  // namespace privyseal::gateway
