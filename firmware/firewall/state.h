/// What privyseal-firewall says of the kernel's rules, as it stands in its file
/// (/run/privyseal-firewall/state).
///
/// It writes the file at each look; gatewayd reads it there.
///
/// Pure and total. Threads: any.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "firmware/base/clock.h"
#include "firmware/base/result.h"

namespace privyseal::firewall {

inline constexpr std::size_t kMostStateBytes = 4096;

struct State {
  bool is_up = false;
  std::string why{};                ///< it is down; empty: it is up
  WallTime since{};                 ///< it is up, or down
  WallTime looked_at{};             ///< last; nothing: never yet
  std::chrono::seconds looked{};    ///< the same by BootTime::since, which nobody can set
  std::string rules{};              ///< SHA-256 of the rules as they were loaded
  std::uint64_t changes = 0;        ///< times that other rules were found, since this boot
  std::uint64_t dropped = 0;        ///< packets, since this boot
  std::uint64_t dropped_today = 0;  ///< UTC; of this boot
  std::uint64_t counter = 0;        ///< the kernel's own, which begins anew when the rules are loaded
  bool operator==(const State&) const = default;
};

/// What one look at the kernel found.
struct Look {
  WallTime at{};
  std::chrono::seconds on{};               ///< BootTime::since
  Result<std::string> rules;               ///< SHA-256
  std::optional<std::uint64_t> counter{};  ///< of dropped packets; nothing: there is none
};

/// Other rules than `expected`: they must be loaded again.
[[nodiscard]] bool finds_other_rules(const Look& look, std::string_view expected);

/// What is so after a look. Rules that are about to be loaded again count as down until a later look has
/// found them whole: so mail waits for a while, and whatever changes them time and again keeps it waiting.
[[nodiscard]] State after(const State& before, const Look& look, std::string_view expected);

/// One line of JSON.
[[nodiscard]] std::string to_text(const State& state);
/// kInvalid: anything that to_text() does not write.
[[nodiscard]] Result<State> parse_state(std::string_view text);

/// "SHA-256 in hexadecimal, and a line end": as `load` writes it for `watch`.
[[nodiscard]] bool is_digest(std::string_view text);

}  // namespace privyseal::firewall
