/// The policy as it is now: rules read from the organisation's folder and published as one snapshot, the
/// hourly rates, and the switch that suspends or ends all mail.
///
/// A changed file is seen within a second. What does not parse changes nothing but status(): the old
/// rules stay, and an alert says so. A switch that cannot be read means suspended.
///
/// Threads: any.
#pragma once

#include <condition_variable>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "firmware/base/clock.h"
#include "firmware/base/guarded.h"
#include "firmware/base/json.h"
#include "firmware/base/result.h"
#include "firmware/gateway/rate_memory.h"
#include "firmware/policy/rates.h"
#include "firmware/policy/rules.h"

namespace privyseal::gateway {

enum class LineState { kActive, kSuspended, kTerminated };

class RuleBook {
 public:
  struct Places {
    std::filesystem::path folder;  ///< of policy.toml and the registers; empty: the terms' own rules only
    std::filesystem::path line;    ///< the file that says whether the line is suspended; need not be there
  };

  /// kInvalid: the folder's files are not sound; the message names file and reason. kNotFound: no such
  /// folder. The clock must outlive it.
  [[nodiscard]] static Result<std::unique_ptr<RuleBook>> open(Places places, const Clock& clock);
  ~RuleBook();
  RuleBook(const RuleBook&) = delete;  // its thread knows its address
  RuleBook& operator=(const RuleBook&) = delete;

  [[nodiscard]] std::shared_ptr<const policy::Rules> rules();

  [[nodiscard]] LineState line();
  /// kConflict: it was terminated, which only the file's removal undoes.
  [[nodiscard]] Result<void> may_switch_line();
  /// Durable when it returns. kConflict as may_switch_line().
  [[nodiscard]] Result<void> set_line(LineState state, const std::string& by, const std::string& why);

  /// As policy::Rates; a cap that is newly reached is an alert in the log.
  [[nodiscard]] int admit(const std::vector<policy::RateCap>& caps);
  [[nodiscard]] int reached(const std::vector<policy::RateCap>& caps);
  /// What an earlier process had counted (rate_memory.h).
  void count_again(const std::vector<RateCount>& counts);
  /// kNotFound: nothing was counted for it.
  [[nodiscard]] Result<void> may_release(const std::string& key);
  [[nodiscard]] Result<void> release(const std::string& key);

  /// For status(): "refused/marked-too-high", "warned/...", "marking/OFFICIAL".
  void count(const std::string& what);

  /// {line, terms, folder?, failure?, maintenance?, next_maintenance?, registers, stopped, counts}
  [[nodiscard]] JsonObject status();

 private:
  using Marks = std::map<std::string, std::string>;  // of each file: what changes with its content
  struct Now {
    std::shared_ptr<const policy::Rules> rules;
    std::string failure;  // why newer files are not in use; empty: there are none
    LineState line = LineState::kActive;
  };
  struct Rates {
    policy::Rates mails;
    std::map<std::string, WallTime> alerted;
  };

  RuleBook(Places places, const Clock& clock) : places_(std::move(places)), clock_(clock) {}
  [[nodiscard]] Result<policy::Rules> load() const;
  [[nodiscard]] Marks marks() const;
  void watch();
  void reload();
  int note_full(const std::vector<policy::RateCap>& caps, int full, Rates& rates) const;

  const Places places_;
  const Clock& clock_;
  Guarded<Now> now_;
  Guarded<Rates> rates_;
  Guarded<std::map<std::string, std::uint64_t>> counts_;
  Marks seen_;  // the watch's alone
  std::mutex stop_mutex_;
  std::condition_variable stopping_;
  bool stop_ = false;
  std::thread watch_;
};

[[nodiscard]] std::string_view to_string(LineState state);
/// Nothing: none of the three words.
[[nodiscard]] std::optional<LineState> line_state(std::string_view text);

}  // namespace privyseal::gateway
