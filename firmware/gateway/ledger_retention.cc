#include "firmware/gateway/ledger_retention.h"

#include <algorithm>
#include <utility>

#include "firmware/base/audit/json_line.h"
#include "firmware/base/rows.h"
#include "firmware/gateway/ledger_age.h"
#include "firmware/gateway/ledger_row.h"
#include "firmware/gateway/ledger_words.h"
#include "firmware/gateway/search_keys.h"

namespace privyseal::gateway {
namespace {

// Rows that are still open, that the log does not vouch for, or that are not proven old stay: nobody could
// tell what became of them.
constexpr std::string_view kOldest =
    "SELECT id, opened_at, id > ?5 OR closed_seq IS NULL OR EXISTS (SELECT 1 FROM hold WHERE ended_at IS NULL"
    " AND mail.opened_at >= opened_from AND (opened_to = '' OR mail.opened_at < opened_to)"
    " AND (hold.key = '' OR EXISTS (SELECT 1 FROM mail_key WHERE mail_key.key = hold.key"
    " AND day = CAST(replace(substr(opened_at, 1, 10), '-', '') AS INTEGER) AND mail = mail.id))), ";
constexpr int kWords = 3;  // the first of their columns
constexpr std::string_view kFromOldest =
    " FROM mail INDEXED BY mail_opened_at WHERE opened_at < ?1 AND (opened_at, id) > (?2, ?3)"
    " ORDER BY opened_at, id LIMIT ?4";

struct OldMail {
  std::int64_t id = 0;
  std::string opened_at;
  bool is_kept = false;
  std::vector<std::string> words;
};

OldMail old_mail_at(const Statement& row) {
  return {.id = row.number(0),
          .opened_at = row.text(1),
          .is_kept = row.number(2) != 0,
          .words = words_at(row, kWords)};
}

}  // namespace

Result<Retention::Progress> Retention::purge(const Progress& from, WallTime now, std::int64_t most) {
  const auto proven = proven_old(database_, now, kRetention);
  if (!proven) return std::unexpected(proven.error());
  auto oldest =
      database_.prepare(std::string(kOldest) + std::string(kWordColumns) + std::string(kFromOldest));
  if (!oldest) return std::unexpected(oldest.error());
  auto remove = database_.prepare("DELETE FROM mail WHERE id = ?1");
  if (!remove) return std::unexpected(remove.error());
  oldest->bind(1, proven->opened_before).bind(2, from.opened_at).bind(3, from.id).bind(4, most);
  oldest->bind(5, proven->last_mail);
  const auto mails = rows_of(*oldest, old_mail_at);
  if (!mails) return std::unexpected(mails.error());
  std::vector<std::int64_t> purged;
  for (const OldMail& mail : *mails) {
    if (mail.is_kept) continue;
    if (auto removed = keys_.remove(mail.words, mail.opened_at, mail.id); !removed)
      return std::unexpected(removed.error());
    if (auto removed = remove->bind(1, mail.id).run(); !removed) return std::unexpected(removed.error());
    purged.push_back(mail.id);
  }
  if (auto noted = note_purged(std::move(purged)); !noted) return std::unexpected(noted.error());
  if (std::cmp_less(mails->size(), most)) return Progress{.is_done = true};
  return Progress{.opened_at = mails->back().opened_at, .id = mails->back().id};
}

/// One entry for each run of ids without a gap, so that a held row between them is none of the purged.
Result<void> Retention::note_purged(std::vector<std::int64_t> ids) {
  std::ranges::sort(ids);
  for (auto first = ids.begin(); first != ids.end();) {
    const auto gap = std::adjacent_find(first, ids.end(), [](auto a, auto b) { return b != a + 1; });
    const auto last = gap == ids.end() ? std::prev(gap) : gap;
    const auto noted = log_.append({.actor = "gatewayd",
                                    .role = "daemon",
                                    .action = "mail-purged",
                                    .object = "mails/" + std::to_string(*first) + "-" + std::to_string(*last),
                                    .outcome = "ok",
                                    .why = "kept for six months"});
    if (!noted) return std::unexpected(noted.error());
    first = std::next(last);
  }
  return {};
}

Result<std::int64_t> Retention::place(const Hold& hold, const HoldActor& by) {
  auto insert = database_.prepare(
      "INSERT INTO hold (key, opened_from, opened_to, placed_at, placed_by, why) VALUES (?1, ?2, ?3, ?4, ?5, "
      "?6)");
  if (!insert) return std::unexpected(insert.error());
  insert->bind(1, hold.key).bind(2, hold.from).bind(3, hold.to).bind(4, hold.placed_at).bind(5, by.name);
  if (auto placed = insert->bind(6, hold.why).run(); !placed) return std::unexpected(placed.error());
  const std::int64_t id = database_.last_row_id();
  audit::JsonLine line;
  line.text("key", hold.key).text("from", hold.from).text("to", hold.to).text("placed_at", hold.placed_at);
  return note(by, "hold-add", id, hash_of_row(line.line()), hold.why).transform([id] { return id; });
}

Result<void> Retention::end(std::int64_t id, const std::string& why, const HoldActor& by, WallTime now) {
  const auto all = holds(database_);
  if (!all) return std::unexpected(all.error());
  const auto found = std::ranges::find(*all, id, &Hold::id);
  if (found == all->end())
    return fail(ErrorCode::kNotFound, "hold " + std::to_string(id) + ": there is none");
  if (!found->ended_at.empty())
    return fail(ErrorCode::kConflict, "hold " + std::to_string(id) + ": it was ended at " + found->ended_at);
  auto update =
      database_.prepare("UPDATE hold SET ended_at = ?2, ended_by = ?3, ended_why = ?4 WHERE id = ?1");
  if (!update) return std::unexpected(update.error());
  update->bind(1, id).bind(2, to_rfc3339(now)).bind(3, by.name).bind(4, why);
  if (auto ended = update->run(); !ended) return ended;
  return note(by, "hold-end", id, "", why);
}

Result<void> Retention::note(const HoldActor& by, std::string_view action, std::int64_t id,
                             const std::string& hash, const std::string& why) {
  return log_
      .append({.actor = by.name,
               .role = by.role,
               .source = by.source,
               .action = std::string(action),
               .object = "hold/" + std::to_string(id),
               .params_hash = hash,
               .outcome = "ok",
               .why = why})
      .transform([](std::uint64_t) {});
}

Result<std::vector<Hold>> holds(Database& database) {
  auto select = database.prepare(
      "SELECT id, key, opened_from, opened_to, placed_at, placed_by, why, coalesce(ended_at, ''),"
      " coalesce(ended_by, ''), coalesce(ended_why, '') FROM hold ORDER BY id DESC");
  if (!select) return std::unexpected(select.error());
  return rows_of(*select, [](const Statement& row) {
    return Hold{.id = row.number(0),
                .key = row.text(1),
                .from = row.text(2),
                .to = row.text(3),
                .placed_at = row.text(4),
                .placed_by = row.text(5),
                .why = row.text(6),
                .ended_at = row.text(7),
                .ended_by = row.text(8),
                .ended_why = row.text(9)};
  });
}

std::string hold_key(std::string_view text) {
  std::string key = search_key(text);
  return key.empty() || key.contains('@') ? key : "@" + key;
}

}  // namespace privyseal::gateway
