/// The policy as it is now: rules read from the organisation's files (rule_files.h) and published as one
/// snapshot, the hourly rates, and the switch that suspends or ends all mail.
///
/// A changed file is seen within a second. What does not parse changes nothing but status(): the old
/// rules stay, and an alert says so. A switch that cannot be read means suspended. So do, at start, files
/// that an administrator brought and that cannot be read any more: without them too much might pass, and a
/// gateway that does not start could not be told what to do about it.
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
#include "firmware/gateway/rule_files.h"
#include "firmware/policy/rates.h"
#include "firmware/policy/rules.h"

namespace privyseal::gateway {

enum class LineState { kActive, kSuspended, kTerminated };

class RuleBook {
 public:
  struct Places {
    std::filesystem::path folder;   ///< of policy.toml and the registers; empty: the terms' own rules only
    std::filesystem::path line;     ///< the file that says whether the line is suspended; need not be there
    std::filesystem::path brought;  ///< a folder of our own, of files that win over those; need not be there
  };

  /// kInvalid: the folder's files are not sound; the message names file and reason. kNotFound: no such
  /// folder. The clock must outlive it.
  [[nodiscard]] static Result<std::unique_ptr<RuleBook>> open(Places places, const Clock& clock);
  ~RuleBook();
  RuleBook(const RuleBook&) = delete;  // its thread knows its address
  RuleBook& operator=(const RuleBook&) = delete;

  [[nodiscard]] std::shared_ptr<const policy::Rules> rules();

  /// A file that an administrator brings, as RuleFiles::add_to_spool().
  [[nodiscard]] Result<void> add_to_spool(std::uint64_t after, ByteView content);

  /// Files that were tried and are not in use yet. While it lives no other change is made.
  class [[nodiscard]] Change;
  /// Tries what was brought as the file `name`, with all others. kConflict: it is not what has this hash.
  /// kInvalid: not sound; the message names file, line and reason.
  [[nodiscard]] Result<Change> try_brought(const std::string& name, std::string_view sha256);
  /// Tries to do without the brought file. kNotFound: none was brought. kInvalid: as above.
  [[nodiscard]] Result<Change> try_without(const std::string& name);
  /// On the disk and in use when it returns.
  [[nodiscard]] Result<void> use(Change change);
  struct FilesNow {
    std::vector<RuleFiles::File> files;  ///< in use
    std::string failure;                 ///< why others are not; empty: there are no others
  };
  [[nodiscard]] FilesNow files();

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

  /// For status(): "refused/marked-too-high", "warned/...", "marking/OFFICIAL", "disclaimer/added".
  void count(const std::string& what);

  /// {line, terms, folder?, failure?, held?, maintenance?, next_maintenance?, registers, stopped, counts}
  [[nodiscard]] JsonObject status();

 private:
  struct Now {
    std::shared_ptr<const policy::Rules> rules;
    std::vector<RuleFiles::File> files;  // that these rules are made of
    std::string failure;                 // why newer files are not in use; empty: there are none
    bool is_held = false;                // the brought files are not among them: no mail passes
    LineState line = LineState::kActive;

    void fail(const Error& error) {
      failure = error.message + (is_held ? "; all mail waits until this is mended" : "");
    }
    [[nodiscard]] LineState line_for_mail() const {
      return is_held && line == LineState::kActive ? LineState::kSuspended : line;
    }
  };
  struct Rates {
    policy::Rates mails;
    std::map<std::string, WallTime> alerted;
  };

  RuleBook(Places places, const Clock& clock)
      : files_(std::move(places.folder), std::move(places.brought)),
        line_file_(std::move(places.line)),
        clock_(clock) {}
  [[nodiscard]] Result<void> load_first();
  void publish(RuleFiles::Loaded loaded);
  void watch();
  void look_for_changes();
  void reload();
  int note_full(const std::vector<policy::RateCap>& caps, int full, Rates& rates) const;

  const RuleFiles files_;
  const std::filesystem::path line_file_;
  const Clock& clock_;
  std::mutex loading_;     // held from reading files until what they say is in use
  RuleFiles::Marks seen_;  // of the files that were read last; under loading_
  Guarded<Now> now_;
  Guarded<Rates> rates_;
  Guarded<std::map<std::string, std::uint64_t>> counts_;
  std::mutex stop_mutex_;
  std::condition_variable stopping_;
  bool stop_ = false;
  std::thread watch_;
};

class RuleBook::Change {
 public:
  [[nodiscard]] const std::string& name() const { return name_; }
  /// Of the file in its new form; null: there will be none.
  [[nodiscard]] const RuleFiles::File* file() const;

 private:
  friend class RuleBook;
  std::unique_lock<std::mutex> lock_;
  std::string name_;
  bool is_removal_ = false;
  std::optional<RuleFiles::Loaded> loaded_;  // none: the rest is not sound either, and mail stays held
};

[[nodiscard]] std::string_view to_string(LineState state);
/// Nothing: none of the three words.
[[nodiscard]] std::optional<LineState> line_state(std::string_view text);

}  // namespace privyseal::gateway
