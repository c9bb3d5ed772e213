#include "provisioning/evidence/ledger_check.h"

#include <algorithm>
#include <chrono>
#include <format>
#include <utility>

#include "firmware/base/audit/json_line.h"
#include "firmware/base/number.h"
#include "firmware/base/sha256.h"
#include "provisioning/evidence/reading.h"
#include "provisioning/evidence/text.h"

namespace privyseal::evidence {
namespace {

constexpr std::string_view kMail = "mail/";

std::unexpected<Error> wrong(const JsonObject& mail, std::string_view why) {
  return fail(ErrorCode::kInvalid, std::format("mail {}: {}", shown(mail, "id"), why));
}

std::unexpected<Error> of_another(std::string_view mail, std::uint64_t seq) {
  return fail(ErrorCode::kInvalid, std::format("mail {}: entry {} is about something else", mail, seq));
}

Result<std::string> hash_of(const JsonObject& mail, const JsonObject& row) {
  const auto text = canonical_text(row);
  if (!text) return wrong(mail, text.error().message);
  return to_hex(sha256(bytes_of(*text)));
}

/// That the entry `seq` says `action` about the row with this hash.
Result<void> check_entry(const std::string& line, std::uint64_t seq, std::string_view action,
                         const std::string& mail, const std::string& hash) {
  const auto entry = parse_json_object(line);
  if (!entry) return fail(ErrorCode::kInvalid, std::format("mail {}: entry {} cannot be read", mail, seq));
  if (shown(*entry, "action") != action || shown(*entry, "object") != "mail/" + mail)
    return of_another(mail, seq);
  if (shown(*entry, "params_hash") != hash)
    return fail(ErrorCode::kInvalid, std::format("mail {}: differs from entry {} of the log", mail, seq));
  return {};
}

constexpr std::chrono::days kKeptFor{184};

/// What the log says was purged: ids, and when.
struct Purge {
  std::int64_t first = 0;
  std::int64_t last = 0;
  WallTime at{};
};

/// Nothing: the entry is about something else, or cannot be read.
std::optional<Purge> purge_in(const std::string& line) {
  const auto entry = parse_json_object(line);
  if (!entry || shown(*entry, "action") != "mail-purged") return std::nullopt;
  const std::string object = shown(*entry, "object");  // "mails/1-57"
  const auto begin = object.find('/');
  const auto middle = object.find('-');
  if (begin == std::string::npos || middle == std::string::npos || middle < begin) return std::nullopt;
  const auto first = parse_number(std::string_view(object).substr(begin + 1, middle - begin - 1));
  const auto last = parse_number(std::string_view(object).substr(middle + 1));
  const auto at = parse_time(shown(*entry, "ts"));
  if (!first || !last || !at) return std::nullopt;
  return Purge{.first = *first, .last = *last, .at = *at};
}

}  // namespace

JsonObject as_opened(JsonObject row) {
  for (const char* later : {"closed_at", "size_bytes", "reply", "message_id", "marking", "verdict",
                            "connect_ms", "record_ms", "body_ms", "verdict_ms"})
    if (const auto column = row.find(later); column != row.end()) column->value() = nullptr;
  row["outcome"] = "open";
  return row;
}

std::optional<JsonObject> as_signed(JsonObject mail, std::uint64_t size) {
  if (count_at(mail, "opened_seq") >= size) return std::nullopt;
  if (number_at(mail, "closed_seq") && count_at(mail, "closed_seq") >= size) {
    mail["row"] = as_opened(object_at(mail, "row"));
    mail["closed_seq"] = nullptr;
  }
  return mail;
}

Result<std::string> canonical_text(const JsonObject& row) {
  audit::JsonLine line;
  for (const auto& [key, value] : row) {
    if (value.is_null())
      line.null(key);
    else if (value.is_string())
      line.text(key, std::string_view(value.get_string()));
    else if (value.is_int64())
      line.number(key, value.get_int64());
    else
      return fail(ErrorCode::kInvalid,
                  std::format("column {} is no text and no number", std::string_view(key)));
  }
  return line.line();
}

void LedgerCheck::note_wrong(const Result<void>& judged) {
  if (!judged && !wrong_) wrong_ = judged.error();
}

void LedgerCheck::note_incomplete(std::string why) {
  if (!incomplete_) incomplete_ = Error{ErrorCode::kInvalid, std::move(why)};
}

/// To the next mail that the log can still vouch for. Ids are given in the order of opening, so what should
/// have come before is wrong.
Result<void> LedgerCheck::advance() {
  for (;;) {
    auto mail = next_();
    if (!mail) return std::unexpected(mail.error());
    mail_ = std::move(*mail);
    if (!mail_) return {};
    if (!number_at(*mail_, "opened_seq")) {
      note_wrong(wrong(*mail_, "no entry of the log vouches for it"));
      continue;
    }
    const std::uint64_t opened = count_at(*mail_, "opened_seq");
    if (opened >= seq_) return {};
    note_wrong(of_another(shown(*mail_, "id"), opened));
  }
}

Result<void> LedgerCheck::judge_opening(const JsonObject& mail, const std::string& line) {
  const JsonObject& row = object_at(mail, "row");
  const std::string id = shown(mail, "id");
  if (shown(row, "id") != id) return wrong(mail, "its row is of another mail");
  const auto opened = hash_of(mail, as_opened(row));
  if (!opened) return std::unexpected(opened.error());
  if (auto checked = check_entry(line, seq_, "mail-opened", id, *opened); !checked) return checked;
  if (!number_at(mail, "closed_seq")) {
    if (shown(row, "outcome") != "open") return wrong(mail, "closed, but no entry of the log vouches for it");
    open_.insert(id);
    return {};
  }
  const auto closed = hash_of(mail, row);
  if (!closed) return std::unexpected(closed.error());
  const std::uint64_t seq = count_at(mail, "closed_seq");
  if (seq <= seq_ || !closings_.emplace(seq, Expected{id, *closed}).second) return of_another(id, seq);
  return {};
}

void LedgerCheck::judge_closing(const std::string& line) {
  const auto expected = closings_.find(seq_);
  if (expected == closings_.end()) return judge_end_of_open(line);
  note_wrong(check_entry(line, seq_, "mail-closed", expected->second.mail, expected->second.hash));
  closings_.erase(expected);
}

void LedgerCheck::judge_end_of_open(const std::string& line) {
  if (open_.empty() || !line.contains(R"("action":"mail-closed")")) return;
  const auto entry = parse_json_object(line);
  if (!entry || shown(*entry, "action") != "mail-closed") return;
  const std::string object = shown(*entry, "object");
  if (!object.starts_with(kMail) || !open_.contains(object.substr(kMail.size()))) return;
  note_wrong(
      fail(ErrorCode::kInvalid, std::format("mail {}: open, but entry {} of the log says that it ended",
                                            object.substr(kMail.size()), seq_)));
}

/// A mail of the log between two of the ledger's belongs to the ledger.
void LedgerCheck::note_missing(const std::string& line) {
  const auto entry = parse_json_object(line);
  if (!entry || shown(*entry, "action") != "mail-opened") return;
  const std::string object = shown(*entry, "object");
  const auto id = parse_number(std::string_view(object).substr(std::min(object.size(), kMail.size())));
  const auto at = parse_time(shown(*entry, "ts"));
  if (id && at)
    missing_.emplace(*id, Missing{seq_, *at});
  else
    note_incomplete(std::format("{} is in the log (entry {}), but not in the ledger", object, seq_));
}

void LedgerCheck::note_purge(const std::string& line) {
  const auto purge = purge_in(line);
  if (!purge) return;
  auto mail = missing_.lower_bound(purge->first);
  while (mail != missing_.end() && mail->first <= purge->last) {
    const auto kept = purge->at - mail->second.opened;
    if (kept < kKeptFor)
      note_incomplete(std::format("mail/{} was purged after {} days (entry {})", mail->first,
                                  std::chrono::floor<std::chrono::days>(kept).count(), seq_));
    else
      ++verdict_.purged;
    mail = missing_.erase(mail);
  }
}

Result<void> LedgerCheck::add(const std::string& line) {
  if (!std::exchange(has_begun_, true))
    if (auto begun = advance(); !begun) return begun;
  judge_closing(line);
  const bool is_opening = mail_ && count_at(*mail_, "opened_seq") == seq_;
  if (is_opening) {
    is_between_ = true;
    note_wrong(judge_opening(*mail_, line));
  } else if (line.contains(R"("action":"mail-purged")")) {
    note_purge(line);
  } else if (mail_ && is_between_ && line.contains(R"("action":"mail-opened")")) {
    note_missing(line);
  }
  ++seq_;
  return is_opening ? advance() : Result<void>();
}

Result<void> LedgerCheck::finish() {
  if (!std::exchange(has_begun_, true))
    if (auto begun = advance(); !begun) return begun;
  while (mail_) {
    note_wrong(wrong(*mail_, std::format("the signed log has no entry {}", count_at(*mail_, "opened_seq"))));
    if (auto next = advance(); !next) return next;
  }
  for (const auto& [seq, expected] : closings_)
    note_wrong(fail(ErrorCode::kInvalid,
                    std::format("mail {}: the signed log has no entry {}", expected.mail, seq)));
  if (!missing_.empty())
    note_incomplete(std::format("mail/{} is in the log (entry {}), but not in the ledger",
                                missing_.begin()->first, missing_.begin()->second.seq));
  return {};
}

Result<LedgerVerdict> LedgerCheck::verdict() const {
  if (wrong_) return std::unexpected(*wrong_);
  if (incomplete_) return std::unexpected(*incomplete_);
  return verdict_;
}

Result<LedgerVerdict> check_ledger(const Mails& mails, const Lines& log) {
  auto next = mails.begin();
  LedgerCheck check([&]() -> Result<std::optional<JsonObject>> {
    if (next == Mails::end()) return std::nullopt;
    JsonObject mail = *next;
    ++next;
    return mail;
  });
  for (const std::string& line : log)
    if (auto added = check.add(line); !added) return std::unexpected(added.error());
  if (auto finished = check.finish(); !finished) return std::unexpected(finished.error());
  for (const Lines& read : {mails.lines(), log})
    if (auto sound = read.state(); !sound) return std::unexpected(sound.error());
  return check.verdict();
}

}  // namespace privyseal::evidence
