/// A test's hand on the PKCS#11 shim that keyd has loaded: what it counted, and what goes wrong next.
///
/// Threads: any. Ownership: the file must outlive the keyd that uses it.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>

#include "tests/support/shim_control.h"

namespace privyseal::test {

using CallCounts = std::map<std::string, std::uint64_t, std::less<>>;

class Shim {
 public:
  /// Makes the file; everybody may write to it, because keyd may run as another user.
  explicit Shim(const std::filesystem::path& file);
  ~Shim();
  Shim(const Shim&) = delete;
  Shim& operator=(const Shim&) = delete;

  /// By any keyd of this token so far; functions that were never called are left out.
  [[nodiscard]] CallCounts calls() const;
  [[nodiscard]] std::uint64_t calls(std::string_view function) const;
  [[nodiscard]] std::int64_t open_sessions() const { return control_->open_sessions; }
  [[nodiscard]] std::int64_t most_sessions() const { return control_->most_sessions; }

  void set_latency(std::chrono::microseconds call, std::chrono::microseconds sign = {});
  void set_latency_of_open(std::chrono::microseconds open);

  struct Fault {
    std::uint64_t value;  ///< a CK_RV
    std::int32_t function = shim_function("C_Sign");
    std::int64_t times = 1;                ///< or kWithoutEnd
    std::int64_t spares = 0;               ///< calls of it that go well before
    bool stays = false;                    ///< on each session that met it, until it is closed
    std::int64_t new_sessions = 0;         ///< so many that are opened from now on have it as well
    std::int32_t ends_with = kNoFunction;  ///< a call of it ends the fault
  };
  void order(const Fault& fault);
  void end_fault() {
    control_->fault_function = kNoFunction;
    control_->fault_new_sessions = 0;
  }
  /// So many of the ordered faults have not happened yet.
  [[nodiscard]] std::int64_t faults_left() const { return control_->fault_left; }

  void flip_signatures(std::int64_t count) { control_->flips = count; }
  /// The next call of C_Sign or C_FindObjectsInit finds that the token has logged everybody out.
  void log_out(std::int32_t at = shim_function("C_Sign")) {
    control_->logout_function = at;
    control_->logouts = 1;
  }

  /// The next `times` calls of `function` do not return before `release`.
  void hang(std::int32_t function, std::int64_t times = kWithoutEnd);
  void stop_hanging() { control_->hang_function = kNoFunction; }  ///< what hangs goes on hanging
  void release();
  [[nodiscard]] std::int64_t hanging() const { return control_->hanging; }

  void restart_token() { ++control_->restarts; }
  void renumber_objects() { ++control_->renumberings; }
  /// `for_good`: also when it is back, until the module is initialised anew.
  void remove_token(bool for_good = false);
  void bring_token_back() { control_->is_absent = false; }

 private:
  ShimControl* control_;
};

}  // namespace privyseal::test
