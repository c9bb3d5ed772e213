/// The four daemons as whoever collects evidence sees them: three doors and keyd's socket.
///
/// Every error begins with the daemon's name; one that is not there is kUnavailable, whatever the reason.
///
/// Threads: one.
#pragma once

#include <array>
#include <chrono>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "firmware/base/json.h"
#include "firmware/base/result.h"
#include "hsm/client.h"

namespace privyseal::evidence {

enum class Daemon { kKeyd, kGatewayd, kRenewd, kAdmind };
inline constexpr std::array kDaemons{Daemon::kKeyd, Daemon::kGatewayd, Daemon::kRenewd, Daemon::kAdmind};

[[nodiscard]] std::string_view name_of(Daemon daemon);  ///< "gatewayd"

class Appliance {
 public:
  static constexpr std::chrono::milliseconds kDeadline{5000};

  /// `run` is the folder that holds privyseal-keyd/socket and privyseal-{gateway,renewd,console}/door.
  /// Touches nothing.
  explicit Appliance(const std::filesystem::path& run, std::chrono::milliseconds deadline = kDeadline);

  /// How a daemon other than keyd is asked. Its errors begin with the daemon's name.
  using Ask = std::function<Result<JsonObject>(Daemon daemon, const JsonObject& request,
                                               std::chrono::milliseconds deadline)>;
  /// For who has other ways to the daemons.
  Appliance(Ask ask, std::filesystem::path keyd_socket, std::chrono::milliseconds deadline = kDeadline);

  /// One question at a daemon's door; keyd has none (a CHECK). `deadline`: other than the usual one.
  [[nodiscard]] Result<JsonObject> ask(Daemon daemon, const JsonObject& request,
                                       std::optional<std::chrono::milliseconds> deadline = {}) const;

  [[nodiscard]] Result<hsm::Health> keyd_health();
  [[nodiscard]] Result<std::vector<hsm::KeyInfo>> keys();
  [[nodiscard]] Result<std::vector<hsm::KeyUses>> key_uses();

  /// The audit key's SubjectPublicKeyInfo. kNotFound: the token holds none.
  [[nodiscard]] Result<Bytes> audit_key();
  /// ECDSA-Sig-Value by the audit key over a checkpoint's text.
  [[nodiscard]] Result<Bytes> sign_checkpoint(std::string_view text);

  struct LogState {
    std::uint64_t size = 0;  ///< entries there are now
    std::string note;        ///< the last signed checkpoint; empty: none yet
  };
  [[nodiscard]] Result<LogState> audit_state(Daemon daemon);
  /// Lines, oldest first, behind the first `after` ones: at most `limit`, and fewer when one answer
  /// does not hold them; none only at the log's end.
  [[nodiscard]] Result<std::vector<std::string>> audit_entries(Daemon daemon, std::uint64_t after,
                                                               std::uint64_t limit);
  /// Gives the first `size` lines of a log to `take`, one after the other, and ends with its first error.
  /// kUnavailable: the log has fewer.
  [[nodiscard]] Result<void> read_audit_log(Daemon daemon, std::uint64_t size,
                                            const std::function<Result<void>(std::string)>& take);

 private:
  [[nodiscard]] Result<void> look_for_keyd() const;

  Ask ask_;
  std::chrono::milliseconds deadline_;
  std::filesystem::path keyd_socket_;
  hsm::Client keyd_;
  std::string audit_key_name_;  // empty: not looked up yet
};

}  // namespace privyseal::evidence
