/// What the hourly caps (clause 25, and permissions of clause 9) had counted when the process before this one
/// ended, from the ledger: a restart gives nobody a second allowance.
///
/// Counted are the mails of the last hour that came to their text: these are what a cap was asked about. What
/// a person released since stands in the audit log, and is not counted again.
///
/// Threads: any.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "firmware/base/clock.h"
#include "firmware/base/result.h"
#include "firmware/policy/rates.h"
#include "firmware/policy/rules.h"

namespace privyseal::gateway {

/// A mail that counted against the cap of this key.
struct RateCount {
  std::string key;
  WallTime at;

  bool operator==(const RateCount&) const = default;
};

/// The caps that a mail of this sender counts against; a bounce ("") counts for the organisation only.
[[nodiscard]] std::vector<policy::RateCap> hourly_caps(const policy::Options& options,
                                                       std::string_view sender);
[[nodiscard]] std::string permit_key(std::string_view reference);

/// Oldest first. Errors as Database.
[[nodiscard]] Result<std::vector<RateCount>> counted_before(const std::filesystem::path& ledger,
                                                            const policy::Options& options, WallTime now);

}  // namespace privyseal::gateway
