/// The four daemons of an appliance as far as its doors show them: canned answers, real audit logs, real
/// signatures, and a ledger whose rows the gateway's log vouches for.
///
/// Threads: fill it before the doors are asked; the members are the test's thread's. A door that is closed
/// (`stop`) is a daemon that is down.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "firmware/base/audit/entry.h"
#include "firmware/base/clock.h"
#include "firmware/base/json.h"
#include "tests/support/temp_folder.h"

namespace privyseal::test {

class FakeClock final : public Clock {
 public:
  [[nodiscard]] WallTime now() const override { return now_; }
  void set(WallTime now) { now_ = now; }

 private:
  WallTime now_{std::chrono::sys_days(std::chrono::year(2026) / 3 / 10)};
};

class FakeAppliance {
 public:
  FakeAppliance();
  ~FakeAppliance();
  FakeAppliance(const FakeAppliance&) = delete;  // its doors know its address
  FakeAppliance& operator=(const FakeAppliance&) = delete;

  /// The folder that holds the sockets.
  [[nodiscard]] const std::filesystem::path& run() const { return folder_.path(); }
  [[nodiscard]] FakeClock& clock() { return clock_; }

  // `daemon` is "gatewayd", "renewd" or "admind"; entries also "keyd".
  void answer(const std::string& daemon, const std::string& operation, Result<JsonObject> answer);
  void stop(const std::string& daemon);  ///< "keyd" too
  /// Maker and model, as keyd's health says them; before, it says none.
  void name_token(const std::string& token);
  /// The requests that a door has answered from canned answers, newest last.
  [[nodiscard]] std::vector<JsonObject> requests(const std::string& daemon) const;

  void append(const std::string& daemon, const audit::Entry& entry);
  /// Opens and, unless `outcome` is "open", closes a mail, in the ledger and in the log, at the clock's time.
  /// Gives its id.
  std::int64_t add_mail(const std::string& sender, const std::string& outcome = "delivered");
  /// The end of a mail that is open, at the same time.
  void close_mail(std::int64_t id);
  /// Signs all four logs as they are now.
  void sign_logs();
  /// The ledger as the door gives it: change it to lie.
  [[nodiscard]] std::vector<JsonObject>& mails();
  /// Runs SQL on a daemon's audit log: what somebody with the disk in his hands can do.
  void tamper(const std::string& daemon, const char* sql);

 private:
  struct Keyd;
  struct Daemon;

  Daemon& at(const std::string& daemon) const;

  TempFolder folder_;
  FakeClock clock_;
  std::unique_ptr<Keyd> keyd_;
  std::map<std::string, std::unique_ptr<Daemon>> daemons_;
};

}  // namespace privyseal::test
