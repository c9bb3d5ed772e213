#include "firmware/gateway/ledger_age.h"

#include <algorithm>

#include "firmware/base/utc_time.h"

namespace privyseal::gateway {
namespace {

constexpr std::chrono::hours kMarkEvery{6};
constexpr std::chrono::days kGrace{1};  // marks are hours apart, and clocks are never quite right
constexpr std::size_t kDayBytes = sizeof("2026-03-01") - 1;
constexpr std::size_t kSecondBytes = sizeof("2026-03-01T09:30:00") - 1;

struct Life {
  std::chrono::seconds lived{};
  std::string boot;
  std::chrono::seconds on{};
};

Result<Life> life_of(Database& database) {
  auto read = database.prepare("SELECT lived_s, boot, boot_s FROM upkeep WHERE one = 1");
  if (!read) return std::unexpected(read.error());
  const auto row = read->step();
  if (!row) return std::unexpected(row.error());
  if (!*row) return fail(ErrorCode::kInvalid, "ledger: its upkeep row is missing");
  return Life{.lived = std::chrono::seconds(read->number(0)),
              .boot = read->text(1),
              .on = std::chrono::seconds(read->number(2))};
}

Result<void> write(Database& database, const Life& life) {
  auto update = database.prepare("UPDATE upkeep SET lived_s = ?1, boot = ?2, boot_s = ?3 WHERE one = 1");
  if (!update) return std::unexpected(update.error());
  return update->bind(1, std::int64_t{life.lived.count()})
      .bind(2, life.boot)
      .bind(3, std::int64_t{life.on.count()})
      .run();
}

Result<void> mark(Database& database, std::chrono::seconds lived, WallTime now) {
  auto insert = database.prepare(
      "INSERT INTO age_mark (lived_s, mail, at) SELECT ?1, coalesce((SELECT max(id) FROM mail), 0), ?2"
      " WHERE NOT EXISTS (SELECT 1 FROM age_mark WHERE lived_s > ?3)");
  if (!insert) return std::unexpected(insert.error());
  return insert->bind(1, std::int64_t{lived.count()})
      .bind(2, to_rfc3339(now))
      .bind(3, std::int64_t{(lived - std::chrono::seconds(kMarkEvery)).count()})
      .run();
}

/// The text of the one column of the first row; empty: there is none.
Result<std::string> first_text(Statement& select) {
  const auto row = select.step();
  if (!row) return std::unexpected(row.error());
  return *row ? select.text(0) : std::string();
}

}  // namespace

Result<void> note_life(Database& database, const BootTime& on, WallTime now) {
  auto life = life_of(database);
  if (!life) return std::unexpected(life.error());
  if (!on.boot.empty() && life->boot == on.boot && on.since > life->on) life->lived += on.since - life->on;
  life->boot = on.boot;
  life->on = on.since;
  if (auto written = write(database, *life); !written) return written;
  return mark(database, life->lived, now);
}

Result<ProvenOld> proven_old(Database& database, WallTime now, std::chrono::seconds age) {
  const auto life = life_of(database);
  if (!life) return std::unexpected(life.error());
  auto select =
      database.prepare("SELECT mail, at FROM age_mark WHERE lived_s <= ?1 ORDER BY lived_s DESC LIMIT 1");
  if (!select) return std::unexpected(select.error());
  const auto row = select->bind(1, std::int64_t{(life->lived - age).count()}).step();
  if (!row) return std::unexpected(row.error());
  if (!*row) return ProvenOld{};
  return ProvenOld{.opened_before = std::min(select->text(1), to_rfc3339(now - age)),
                   .last_mail = select->number(0)};
}

Result<std::string> purge_delay(Database& database, WallTime now, std::chrono::seconds age) {
  const auto proven = proven_old(database, now, age);
  if (!proven) return std::unexpected(proven.error());
  auto early = database.prepare(
      "SELECT opened_at FROM mail INDEXED BY mail_opened_at WHERE opened_at < ?1 AND (opened_at >= ?2 OR id "
      "> ?3)"
      " ORDER BY opened_at LIMIT 1");
  if (!early) return std::unexpected(early.error());
  early->bind(1, to_rfc3339(now - age - kGrace)).bind(2, proven->opened_before).bind(3, proven->last_mail);
  const auto first = first_text(*early);
  if (!first) return std::unexpected(first.error());
  if (!first->empty())
    return "by the clock, mails since " + first->substr(0, kDayBytes) +
           " are due to be purged, but this box has not been on for so long since then: they are kept until "
           "it "
           "has. Check the clock";
  auto late =
      database.prepare("SELECT opened_at FROM mail WHERE opened_at > ?1 ORDER BY opened_at DESC LIMIT 1");
  if (!late) return std::unexpected(late.error());
  late->bind(1, to_rfc3339(now + kGrace));
  const auto newest = first_text(*late);
  if (!newest) return std::unexpected(newest.error());
  if (!newest->empty())
    return "there are mails of the future, up to " + newest->substr(0, kDayBytes) +
           ": the clock is wrong, or was. They are kept until they are old by their own date";
  return std::string();
}

Result<WallTime> latest_time(Database& database) {
  auto select = database.prepare(
      "SELECT max(coalesce((SELECT max(opened_at) FROM mail), ''), coalesce((SELECT max(at) FROM age_mark), "
      "''))");
  if (!select) return std::unexpected(select.error());
  const auto text = first_text(*select);
  if (!text) return std::unexpected(text.error());
  if (text->empty()) return WallTime{};
  const auto time = parse_utc_time(text->substr(0, kSecondBytes) + "Z");
  if (!time) return fail(ErrorCode::kInvalid, "ledger: the latest time in it is none");
  return *time;
}

}  // namespace privyseal::gateway
