/// A host of the organisation that cannot do TLS and may bring mail out in clear, as the settings write it:
/// which, why, who allowed it, and until when. There is none unless somebody has written it down.
///
///     [[lan.clear]]                          # at most 16
///     host = "192.0.2.9"                     # or a network of at most 256 addresses
///     reason = "the old scanner, until it is replaced"
///     authoriser = "J Smith, head of IT"
///     until = "2027-03-31T12:00:00Z"         # RFC 3339 in UTC; from that second on it holds no more
///
/// What it is not for: any mail in, any other host, and the way from the appliance onward.
///
/// Pure. Threads: any; it never changes.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "firmware/base/clock.h"
#include "firmware/base/config_reader.h"

namespace privyseal::smtp {

inline constexpr std::size_t kMostClearExceptions = 16;

struct ClearException {
  std::string host;  ///< an address or a small network
  std::string reason;
  std::string authoriser;
  WallTime until{};

  [[nodiscard]] bool is_in_force(WallTime now) const { return now < until; }
  /// "mail in clear is excepted until 2027-03-31T12:00:00Z for 192.0.2.9, by J Smith: the old scanner"
  [[nodiscard]] std::string in_words() const;
};

/// The tables of `key`, "lan.clear"; none where the file has none. What is wrong is refused in `reader`.
[[nodiscard]] std::vector<ClearException> read_clear_exceptions(ConfigReader& reader, const std::string& key);

}  // namespace privyseal::smtp
