/// The four daemons as the command line sees them: three doors and keyd's socket, below one folder.
///
/// Every error begins with the daemon's name; one that is not there is kUnavailable, whatever the reason.
///
/// Threads: one.
#pragma once

#include <array>
#include <chrono>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "firmware/base/json.h"
#include "firmware/base/result.h"
#include "hsm/client.h"

namespace privyseal::cli {

enum class Daemon { kKeyd, kGatewayd, kRenewd, kAdmind };
inline constexpr std::array kDaemons{Daemon::kKeyd, Daemon::kGatewayd, Daemon::kRenewd, Daemon::kAdmind};

[[nodiscard]] std::string_view name_of(Daemon daemon);  ///< "gatewayd"

class Appliance {
 public:
  static constexpr std::chrono::milliseconds kDeadline{5000};

  /// `run` is the folder that holds privyseal-keyd/socket and privyseal-{gateway,renewd,console}/door.
  /// Touches nothing.
  explicit Appliance(std::filesystem::path run, std::chrono::milliseconds deadline = kDeadline);

  /// One question at a daemon's door; keyd has none (a CHECK).
  [[nodiscard]] Result<JsonObject> ask(Daemon daemon, const JsonObject& request) const;

  [[nodiscard]] Result<bool> keyd_is_ready();
  [[nodiscard]] Result<std::vector<hsm::KeyInfo>> keys();
  [[nodiscard]] Result<std::vector<hsm::KeyUses>> key_uses();

  [[nodiscard]] std::filesystem::path socket_of(Daemon daemon) const;

 private:
  [[nodiscard]] Result<void> look_for(Daemon daemon) const;

  std::filesystem::path run_;
  std::chrono::milliseconds deadline_;
  hsm::Client keyd_;
};

}  // namespace privyseal::cli
