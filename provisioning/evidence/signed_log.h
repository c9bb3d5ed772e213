/// A copy of one daemon's audit log, as far as its last signed checkpoint covers it.
///
/// Whoever holds it needs neither the daemon nor the appliance to see that it is whole.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "firmware/base/audit/checkpoint.h"
#include "firmware/base/audit/merkle.h"
#include "provisioning/evidence/appliance.h"
#include "provisioning/evidence/lines.h"

namespace privyseal::evidence {

struct SignedLog {
  Daemon daemon{};
  std::uint64_t size_now =
      0;             ///< entries the log had when it was copied; those behind the checkpoint are not here
  std::string note;  ///< empty: the daemon has signed nothing yet, and there are no lines
  Lines lines;
};

/// The lines are kept in `folder`.
/// kUnavailable: the daemon does not answer. kInvalid: what it says of itself is no checkpoint.
[[nodiscard]] Result<SignedLog> copy_log(Appliance& appliance, Daemon daemon,
                                         const std::filesystem::path& folder);

/// That the lines are what the checkpoint says, that it is signed, and that it is this daemon's.
/// Pure. kInvalid, kDenied: they are not; the message says how.
[[nodiscard]] Result<audit::Checkpoint> check_log(const SignedLog& log, ByteView public_key);

/// The same for a log that is too long to be held: its lines are given one after the other.
class LogCheck {
 public:
  /// Nothing is refused before finish().
  LogCheck(Daemon daemon, const std::string& note, ByteView public_key);
  void add(const std::string& line);
  [[nodiscard]] Result<audit::Checkpoint> finish() const;

 private:
  Result<audit::Checkpoint> checkpoint_;
  audit::CompactRange range_;
};

}  // namespace privyseal::evidence
