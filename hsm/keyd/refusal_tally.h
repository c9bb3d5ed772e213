/// How often each actor was refused, so that the audit log gets at most one entry a second of each: a
/// captured program must not be able to fill the disk with its refusals.
///
/// Pure: time comes in. Threads: one at a time.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "firmware/base/audit/entry.h"

namespace privyseal::keyd {

struct Refusal {
  std::string actor;   ///< "gateway", "uid 4242"
  std::string role;    ///< as in audit::Entry
  std::string source;  ///< as in audit::Entry
  std::string object;  ///< "key/egress"; may be empty
  std::string why;     ///< "sign-csr: this caller may not do that"
};

class RefusalTally {
 public:
  using Time = std::chrono::steady_clock::time_point;
  static constexpr std::chrono::seconds kAtMostEvery{1};
  static constexpr std::size_t kMaxActors = 32;  ///< further ones are counted as "others"

  /// One entry for all of an actor's refusals since his last one; it tells about the first of them.
  struct Due {
    std::string actor;
    std::uint64_t count = 0;
    audit::Entry entry;
  };

  void add(Refusal refusal);
  /// What may be written now.
  [[nodiscard]] std::vector<Due> due(Time now) const;
  /// All that is not written yet, for the end.
  [[nodiscard]] std::vector<Due> all() const;
  /// After a try at writing `due`: what was written is no longer due, what was not is due again later.
  void settle(const Due& due, bool is_written, Time now);
  /// When something will be due; none while nothing was refused.
  [[nodiscard]] std::optional<Time> next_due() const;

 private:
  struct Line {
    Refusal first;
    std::uint64_t count = 0;
    Time not_before{};
  };
  static Due due_of(const Line& line);

  std::map<std::string, Line> lines_;  // by actor
};

}  // namespace privyseal::keyd
