#include "provisioning/cli/pack/ledger_check.h"

#include <charconv>
#include <chrono>
#include <format>
#include <set>

#include "firmware/base/audit/json_line.h"
#include "firmware/base/sha256.h"
#include "provisioning/cli/reading.h"
#include "provisioning/cli/text.h"

namespace privyseal::cli {
namespace {

JsonObject as_opened(JsonObject row) {
  for (const char* later : {"closed_at", "size_bytes", "reply", "message_id", "marking", "verdict",
                            "connect_ms", "record_ms", "body_ms", "verdict_ms"})
    if (const auto column = row.find(later); column != row.end()) column->value() = nullptr;
  row["outcome"] = "open";
  return row;
}

std::unexpected<Error> wrong(const JsonObject& mail, std::string_view why) {
  return fail(ErrorCode::kInvalid, std::format("mail {}: {}", shown(mail, "id"), why));
}

/// That the entry `seq` says `action` about this row.
Result<void> check_entry(const JsonObject& mail, const JsonObject& row, std::string_view seq,
                         std::string_view action, const std::vector<std::string>& log) {
  const std::uint64_t at = count_at(mail, seq);
  if (at >= log.size()) return wrong(mail, std::format("the signed log has no entry {}", at));
  const auto entry = parse_json_object(log[at]);
  if (!entry) return wrong(mail, std::format("entry {} cannot be read", at));
  const auto text = canonical_text(row);
  if (!text) return wrong(mail, text.error().message);
  if (shown(*entry, "action") != action || shown(*entry, "object") != "mail/" + shown(mail, "id"))
    return wrong(mail, std::format("entry {} is about something else", at));
  if (shown(*entry, "params_hash") != to_hex(sha256(bytes_of(*text))))
    return wrong(mail, std::format("differs from entry {} of the log", at));
  return {};
}

Result<void> check_mail(const JsonObject& mail, const std::vector<std::string>& log) {
  const JsonObject& row = object_at(mail, "row");
  if (shown(row, "id") != shown(mail, "id")) return wrong(mail, "its row is of another mail");
  if (!number_at(mail, "opened_seq")) return wrong(mail, "no entry of the log vouches for it");
  if (auto opened = check_entry(mail, as_opened(row), "opened_seq", "mail-opened", log); !opened)
    return opened;
  if (number_at(mail, "closed_seq")) return check_entry(mail, row, "closed_seq", "mail-closed", log);
  if (shown(row, "outcome") != "open") return wrong(mail, "closed, but no entry of the log vouches for it");
  return {};
}

constexpr std::chrono::days kKeptFor{184};

/// What the log says was purged: ids, and when.
struct Purge {
  std::int64_t first = 0;
  std::int64_t last = 0;
  std::uint64_t seq = 0;
  WallTime at{};
};

std::optional<std::int64_t> number_in(std::string_view text) {
  std::int64_t number = 0;
  const char* end = text.data() + text.size();
  if (std::from_chars(text.data(), end, number) != std::from_chars_result{end, std::errc{}})
    return std::nullopt;
  return number;
}

std::vector<Purge> purges_in(const std::vector<std::string>& log) {
  std::vector<Purge> purges;
  for (std::uint64_t seq = 0; seq < log.size(); ++seq) {
    if (!log[seq].contains(R"("action":"mail-purged")")) continue;
    const auto entry = parse_json_object(log[seq]);
    if (!entry) continue;
    const std::string object = shown(*entry, "object");  // "mails/1-57"
    const auto begin = object.find('/');
    const auto middle = object.find('-');
    if (begin == std::string::npos || middle == std::string::npos || middle < begin) continue;
    const auto first = number_in(std::string_view(object).substr(begin + 1, middle - begin - 1));
    const auto last = number_in(std::string_view(object).substr(middle + 1));
    const auto at = parse_time(shown(*entry, "ts"));
    if (first && last && at) purges.push_back({*first, *last, seq, *at});
  }
  return purges;
}

/// Whether the mail that the entry `seq` opened was purged: false, nothing says so. kInvalid: too early.
Result<bool> is_purged(const JsonObject& opened, std::uint64_t seq, const std::vector<Purge>& purges) {
  const std::string object = shown(opened, "object");
  const auto id = number_in(std::string_view(object).substr(std::string_view("mail/").size()));
  const auto at = parse_time(shown(opened, "ts"));
  for (const Purge& purge : purges) {
    if (!id || !at || *id < purge.first || *id > purge.last || purge.seq < seq) continue;
    if (purge.at - *at >= kKeptFor) return true;
    return fail(ErrorCode::kInvalid,
                std::format("{} was purged after {} days (entry {})", object,
                            std::chrono::floor<std::chrono::days>(purge.at - *at).count(), purge.seq));
  }
  return false;
}

/// Ids are given in the order of opening, so a mail of the log between two of the ledger's belongs to the
/// ledger.
Result<LedgerVerdict> check_complete(const std::vector<JsonObject>& mails,
                                     const std::vector<std::string>& log) {
  std::set<std::string> there;
  for (const JsonObject& mail : mails) there.insert("mail/" + shown(mail, "id"));
  const std::uint64_t first = count_at(mails.front(), "opened_seq");
  const std::uint64_t last = count_at(mails.back(), "opened_seq");
  const auto purges = purges_in(log);
  LedgerVerdict verdict;
  for (std::uint64_t seq = first; seq <= last && seq < log.size(); ++seq) {
    const auto entry = parse_json_object(log[seq]);
    if (!entry || shown(*entry, "action") != "mail-opened" || there.contains(shown(*entry, "object")))
      continue;
    const auto purged = is_purged(*entry, seq, purges);
    if (!purged) return std::unexpected(purged.error());
    verdict.purged += *purged ? 1 : 0;
    if (!*purged)
      return fail(ErrorCode::kInvalid, std::format("{} is in the log (entry {}), but not in the ledger",
                                                   shown(*entry, "object"), seq));
  }
  return verdict;
}

}  // namespace

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

Result<LedgerVerdict> check_ledger(const std::vector<JsonObject>& mails,
                                   const std::vector<std::string>& log) {
  for (const JsonObject& mail : mails)
    if (auto checked = check_mail(mail, log); !checked) return std::unexpected(checked.error());
  return mails.empty() ? Result<LedgerVerdict>() : check_complete(mails, log);
}

}  // namespace privyseal::cli
