/// Whether the ledger's rows are the ones that gatewayd's audit log vouches for.
///
/// The log holds, for a mail opened and for a mail closed, the SHA-256 of the row's canonical text; a row
/// that was not yet closed had nothing of what its end brings, and the outcome "open". A row may be open only
/// if the log has no end of its mail: the log must be no newer than the rows.
///
/// Threads: one at a time.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "firmware/base/clock.h"
#include "firmware/base/json.h"
#include "firmware/base/result.h"
#include "provisioning/evidence/mails.h"

namespace privyseal::evidence {

/// The canonical text of a row (firmware/base/audit/json_line.h). kInvalid: a member is neither text, whole
/// number nor null.
[[nodiscard]] Result<std::string> canonical_text(const JsonObject& row);

/// The row as it was when the mail was opened.
[[nodiscard]] JsonObject as_opened(JsonObject row);

/// The mail as the first `size` entries of the log have it: open, when its end is not among them. Nothing:
/// nor is its beginning.
[[nodiscard]] std::optional<JsonObject> as_signed(JsonObject mail, std::uint64_t size);

/// What a sound ledger may still lack.
struct LedgerVerdict {
  std::uint64_t purged = 0;  ///< mails between the first and the last that went after six months
};

/// For a ledger and a log of any length: the log's entries are given one after the other, and mails are asked
/// for while their entries come by. Held are one mail, what the log must still say of mails that were under
/// way, and the numbers of mails that are missing until the log says that they were purged.
class LedgerCheck {
 public:
  /// The next mail as ledger-extract gives it, oldest first; nothing: that was the last one.
  using Next = std::function<Result<std::optional<JsonObject>>()>;
  explicit LedgerCheck(Next next) : next_(std::move(next)) {}

  /// The next entry of gatewayd's log. Any error is that of `next`.
  [[nodiscard]] Result<void> add(const std::string& line);
  /// The log has no more; asks for the mails that are left.
  [[nodiscard]] Result<void> finish();
  /// After finish(). kInvalid: the first mail that is not what the log says, or a mail between the first and
  /// the last that is missing and was not purged, or was purged too early.
  [[nodiscard]] Result<LedgerVerdict> verdict() const;

 private:
  struct Expected {  // of a later entry
    std::string mail;
    std::string hash;
  };
  struct Missing {
    std::uint64_t seq;
    WallTime opened;
  };

  [[nodiscard]] Result<void> advance();
  [[nodiscard]] Result<void> judge_opening(const JsonObject& mail, const std::string& line);
  void judge_closing(const std::string& line);
  void judge_end_of_open(const std::string& line);
  void note_missing(const std::string& line);
  void note_purge(const std::string& line);
  void note_wrong(const Result<void>& judged);
  void note_incomplete(std::string why);

  const Next next_;
  std::uint64_t seq_ = 0;           // of the entry that comes next
  std::optional<JsonObject> mail_;  // whose opening comes next
  bool has_begun_ = false;
  bool is_between_ = false;  // the first mail's opening was there
  std::map<std::uint64_t, Expected> closings_;
  std::set<std::string> open_;  // mails without an end
  std::map<std::int64_t, Missing> missing_;
  std::optional<Error> wrong_;
  std::optional<Error> incomplete_;
  LedgerVerdict verdict_;
};

/// The same for what was collected: `log` is gatewayd's. kUnavailable: what was collected cannot be read.
[[nodiscard]] Result<LedgerVerdict> check_ledger(const Mails& mails, const Lines& log);

}  // namespace privyseal::evidence
