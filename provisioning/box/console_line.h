/// What the screen says of the web console: its address, and how its first officer claims it.
///
/// Nobody can log in on the box, so the screen is the only way by which a claim code reaches a person. A code
/// that is made makes the one before void and stands in the console's audit log, so one is asked for only
/// when this process has none that is open. Nothing here is logged: the code is a secret of the screen.
///
/// Threads: one.
#pragma once

#include <chrono>
#include <filesystem>
#include <string>
#include <string_view>

namespace privyseal::provisioning {

/// As admind makes them: five groups of four letters and digits.
[[nodiscard]] bool is_claim_code(std::string_view text);
/// https, a host's name, perhaps a port.
[[nodiscard]] bool is_console_address(std::string_view text);

class ConsoleLine {
 public:
  using Now = std::chrono::steady_clock::time_point;

  /// `door` is admind's.
  explicit ConsoleLine(std::filesystem::path door) : door_(std::move(door)) {}

  /// One line, or two; asks the door.
  [[nodiscard]] std::string text(Now now);

 private:
  void renew_code(Now now);

  std::filesystem::path door_;
  std::string code_;  ///< empty: none that is known to be open
  Now next_code_{};   ///< not before
};

}  // namespace privyseal::provisioning
