/// A real privyseal-renewd with the settings a test wants, and a hand at its door.
///
/// As root it runs as the user privyseal-renewd, as on the appliance.
///
/// Threads: one at a time.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "firmware/base/door.h"
#include "firmware/base/json.h"
#include "firmware/base/result.h"
#include "tests/support/process.h"
#include "tests/support/token.h"

namespace privyseal::test {

struct RenewdSettings {
  std::filesystem::path folder;  ///< made, and given to renewd's user
  std::filesystem::path keyd_socket;
  std::string toml;  ///< identities, [est], [authority]
  /// In front of the program: "strace", its options. The user is then its affair.
  std::vector<std::string> wrapper{};
};

class TestRenewd {
 public:
  /// Writes the settings and starts it; returns when its door is open.
  /// kInvalid: it ended instead; the message is its output.
  [[nodiscard]] static Result<std::unique_ptr<TestRenewd>> start(RenewdSettings settings);

  /// An answer of the door, asked by root, who is provisioning here.
  [[nodiscard]] Result<JsonObject> ask(const std::string& operation, JsonObject request = {}) const;
  /// One identity as cert-list shows it; empty: it could not be asked.
  [[nodiscard]] JsonObject identity(const std::string& name) const;
  /// Polls until `is_wanted(identity)`. False: it never was; the output says more.
  [[nodiscard]] bool wait_for(const std::string& name,
                              const std::function<bool(const JsonObject&)>& is_wanted,
                              std::chrono::seconds most = std::chrono::seconds(60)) const;

  [[nodiscard]] std::string output() const;
  [[nodiscard]] std::filesystem::path identity_folder(const std::string& name) const;
  [[nodiscard]] ChildProcess& process() { return *process_; }
  /// SIGTERM; its exit status.
  [[nodiscard]] Result<int> stop();
  /// Starts it again, with what stands in front of it.
  [[nodiscard]] Result<void> start_again(std::vector<std::string> wrapper = {});

 private:
  explicit TestRenewd(RenewdSettings settings) : settings_(std::move(settings)) {}
  [[nodiscard]] Result<void> write_files() const;
  [[nodiscard]] Result<void> launch();
  [[nodiscard]] std::filesystem::path door() const { return settings_.folder / "door"; }

  RenewdSettings settings_;
  std::unique_ptr<ChildProcess> process_;
};

/// "active" -> "state" and the like; empty: it is null or absent.
[[nodiscard]] std::string text_in(const JsonObject& identity, std::string_view object, std::string_view key);
[[nodiscard]] std::int64_t number_in(const JsonObject& identity, std::string_view object,
                                     std::string_view key);

}  // namespace privyseal::test
