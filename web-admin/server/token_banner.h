/// Whether the pages say 'Test token, not validated': what the settings claim, judged with what keyd says of
/// the token (provisioning/evidence/token_standing.h).
///
/// keyd is asked at most every ten seconds, and not for long: a stranger's page says it as well, and a keyd
/// that hangs must not let him hold the desk.
///
/// Threads: the desk's. Ownership: settings must outlive it.
#pragma once

#include <chrono>
#include <optional>

#include "web-admin/server/settings.h"

namespace privyseal::web {

class TokenBanner {
 public:
  static constexpr std::chrono::seconds kAskEvery{10};
  static constexpr std::chrono::milliseconds kPatience{250};

  explicit TokenBanner(const Settings& settings) : settings_(settings) {}

  [[nodiscard]] bool is_test(std::chrono::steady_clock::time_point now);

 private:
  const Settings& settings_;
  std::optional<std::chrono::steady_clock::time_point> asked_at_;
  bool is_test_ = true;
};

}  // namespace privyseal::web
