/// renewd's database: the generations of every identity, the alarms, and the audit log beside them.
///
/// Each change of a generation is one transaction with the audit entry that says so, so that neither
/// exists without the other. The database itself refuses a second active or a second unfinished
/// generation of one identity.
///
/// Threads: one at a time. Ownership: whoever takes `database()` or `log()` must not outlive the Store.
/// Errors: those of Database; kInvalid also: the file holds what this program never writes.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ca/alarm.h"
#include "ca/rotation.h"
#include "firmware/base/audit/log.h"
#include "firmware/base/clock.h"
#include "firmware/base/database.h"

namespace privyseal::ca {

class Store {
 public:
  /// `origin` names the audit log: "<host>/renewd". `clock` must outlive the store.
  [[nodiscard]] static Result<std::unique_ptr<Store>> open(const std::filesystem::path& file,
                                                           std::string origin, const Clock& clock);

  [[nodiscard]] Result<std::vector<Generation>> generations(std::string_view identity);

  /// Writes them in their order, and the entry, or nothing. kConflict: there would be two active or two
  /// unfinished ones.
  [[nodiscard]] Result<void> record(std::string_view identity, std::span<const Generation> changed,
                                    const audit::Entry& entry);
  /// An entry without a change: something was asked for and refused.
  [[nodiscard]] Result<void> note(const audit::Entry& entry);

  [[nodiscard]] Result<std::optional<StandingAlarm>> alarm(std::string_view identity);
  /// None: the alarm is over.
  [[nodiscard]] Result<void> record_alarm(std::string_view identity,
                                          const std::optional<StandingAlarm>& alarm,
                                          const audit::Entry& entry);

  [[nodiscard]] Database& database() { return database_; }
  [[nodiscard]] audit::Log& log() { return *log_; }

 private:
  explicit Store(Database database) : database_(std::move(database)) {}

  template <class Change>
  Result<void> record_with(const audit::Entry& entry, Change change);
  Result<void> write(std::string_view identity, const Generation& generation);

  Database database_;
  std::optional<audit::Log> log_;
};

}  // namespace privyseal::ca
