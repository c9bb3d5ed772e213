/// An exception to 'TLS 1.3 only', as the settings have it: for what, for which keys, and until when. There
/// is none unless somebody has written it down.
///
/// Pure. Threads: any; it never changes.
#pragma once

#include <algorithm>
#include <chrono>
#include <format>
#include <string>
#include <vector>

#include "hsm/keyd/key_label.h"

namespace privyseal::keyd {

struct Tls12Exception {
  std::string reason;               ///< for whom, in a person's words; goes into the audit log
  std::vector<hsm::KeyRole> roles;  ///< whose keys sign as a server in TLS 1.2
  std::chrono::sys_days until;      ///< the last day, UTC

  /// `today` is by a ForwardClock.
  [[nodiscard]] bool covers(hsm::KeyRole role, std::chrono::sys_days today) const {
    return !has_ended(today) && std::ranges::find(roles, role) != roles.end();
  }
  [[nodiscard]] bool has_ended(std::chrono::sys_days today) const { return today > until; }
  /// "TLS 1.2 as a server is excepted for lan-identity until 2027-03-31: old mail server"
  [[nodiscard]] std::string in_words() const {
    std::string text;
    for (const hsm::KeyRole role : roles) text += (text.empty() ? "" : ", ") + std::string(to_string(role));
    return std::format("TLS 1.2 as a server is excepted for {} until {:%F}: {}", text, until, reason);
  }
};

}  // namespace privyseal::keyd
