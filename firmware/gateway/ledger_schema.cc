#include "firmware/gateway/ledger_schema.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <ranges>

#include "firmware/base/schema.h"
#include "firmware/gateway/ledger_words.h"

namespace privyseal::gateway {
namespace {

constexpr const char* kFirstForm = R"(
CREATE TABLE IF NOT EXISTS mail (
  id               INTEGER PRIMARY KEY AUTOINCREMENT,
  opened_at        TEXT NOT NULL,     -- RFC 3339, UTC
  closed_at        TEXT,
  direction        TEXT NOT NULL CHECK (direction IN ('out', 'in')),
  client_address   TEXT NOT NULL,
  sender           TEXT NOT NULL,     -- '' is the null reverse-path
  recipients       TEXT NOT NULL,     -- one a line
  size_bytes       INTEGER,
  session_id       TEXT,              -- of the CJSM side; the facts below are of that session too
  tls_version      TEXT,
  tls_group        TEXT,
  tls_suite        TEXT,
  peer_subject     TEXT,
  peer_serial      TEXT,
  peer_issuer      TEXT,
  resumed          INTEGER,
  lan_session_id   TEXT,              -- of the organisation's side
  lan_tls_version  TEXT,
  lan_tls_group    TEXT,
  lan_tls_suite    TEXT,
  lan_peer_subject TEXT,
  lan_peer_serial  TEXT,
  lan_peer_issuer  TEXT,
  lan_resumed      INTEGER,
  hop              TEXT NOT NULL,
  outcome          TEXT NOT NULL,
  reply            TEXT,
  salt             BLOB NOT NULL,     -- so that the hash in the audit log tells nothing about the row
  opened_seq       INTEGER,           -- the entries of the audit log that vouch for the row
  closed_seq       INTEGER
) STRICT;
CREATE INDEX IF NOT EXISTS mail_open ON mail (outcome) WHERE outcome = 'open';
CREATE INDEX IF NOT EXISTS mail_opened_at ON mail (opened_at);
)";

// Everything but `form` may be NULL, so that the former version can still write its rows.
constexpr const char* kSecondForm = R"(
ALTER TABLE mail ADD COLUMN form INTEGER NOT NULL DEFAULT 1;  -- which columns the log vouches for
ALTER TABLE mail ADD COLUMN signatures INTEGER;               -- ours, in the CJSM side's handshake
ALTER TABLE mail ADD COLUMN handshake_ms INTEGER;
ALTER TABLE mail ADD COLUMN lan_signatures INTEGER;
ALTER TABLE mail ADD COLUMN lan_handshake_ms INTEGER;
ALTER TABLE mail ADD COLUMN message_id TEXT;
ALTER TABLE mail ADD COLUMN marking TEXT;
ALTER TABLE mail ADD COLUMN verdict TEXT;                     -- of the rules
ALTER TABLE mail ADD COLUMN connect_ms INTEGER;               -- the parts of its way (mail_record.h)
ALTER TABLE mail ADD COLUMN record_ms INTEGER;
ALTER TABLE mail ADD COLUMN body_ms INTEGER;
ALTER TABLE mail ADD COLUMN verdict_ms INTEGER;
CREATE INDEX mail_outcome ON mail (outcome, opened_at);
DROP INDEX mail_open;
CREATE TABLE mail_key (                                       -- search_keys.h
  key  TEXT NOT NULL,
  day  INTEGER NOT NULL,                                      -- of opened_at: 20260301
  mail INTEGER NOT NULL,
  PRIMARY KEY (key, day, mail)
) STRICT, WITHOUT ROWID;
CREATE TABLE hold (
  id          INTEGER PRIMARY KEY AUTOINCREMENT,
  key         TEXT NOT NULL,                                  -- as in mail_key; '': every mail
  opened_from TEXT NOT NULL,                                  -- '': from the beginning
  opened_to   TEXT NOT NULL,                                  -- '': without end
  placed_at   TEXT NOT NULL,
  placed_by   TEXT NOT NULL,
  why         TEXT NOT NULL,
  ended_at    TEXT,
  ended_by    TEXT,
  ended_why   TEXT
) STRICT;
)";

// Beside the mails, so that a former version is none the wiser.
constexpr const char* kThirdForm = R"(
CREATE TABLE upkeep (
  one         INTEGER PRIMARY KEY CHECK (one = 1),
  words_until INTEGER NOT NULL,                               -- mails up to this id have their words
  lived_s     INTEGER NOT NULL,                               -- ledger_age.h
  boot        TEXT NOT NULL,                                  -- of the last look
  boot_s      INTEGER NOT NULL                                -- how long the box was on then
) STRICT;
INSERT INTO upkeep (one, words_until, lived_s, boot, boot_s) VALUES (1, 0, 0, '', 0);
CREATE TABLE age_mark (
  lived_s INTEGER PRIMARY KEY,                                -- when the ledger had lived so long,
  mail    INTEGER NOT NULL,                                   -- this was the newest mail
  at      TEXT NOT NULL                                       -- and the clock said this
) STRICT;
CREATE INDEX mail_without_words ON mail (id) WHERE form = 1;
)";

Result<void> make_first_form(Database& database) { return database.execute(kFirstForm); }

Result<void> make_second_form(Database& database) { return database.execute(kSecondForm); }
Result<void> make_third_form(Database& database) { return database.execute(kThirdForm); }

/// Every mail up to this one has its words.
Result<std::int64_t> words_until(Database& database) {
  auto read = database.prepare("SELECT words_until FROM upkeep WHERE one = 1");
  if (!read) return std::unexpected(read.error());
  const auto row = read->step();
  if (!row) return std::unexpected(row.error());
  return *row ? read->number(0) : 0;
}

// The rows whose words may be missing; ?1: the last that surely has them.
constexpr std::string_view kOfFirstForm =
    " FROM mail INDEXED BY mail_without_words WHERE form = 1 AND id > ?1 ORDER BY id";
constexpr std::string_view kNewest = " FROM mail WHERE id > ?1 ORDER BY id";

/// Without their words no search and no hold would find these mails. To add a word again does no harm.
Result<void> fill_in_words(Database& database, std::string_view rows) {
  const auto until = words_until(database);
  if (!until) return std::unexpected(until.error());
  auto keys = KeyTable::open(database);
  if (!keys) return std::unexpected(keys.error());
  auto select = database.prepare("SELECT id, opened_at, " + std::string(kWordColumns) + std::string(rows));
  if (!select) return std::unexpected(select.error());
  select->bind(1, *until);
  for (;;) {
    const auto row = select->step();
    if (!row) return std::unexpected(row.error());
    if (!*row) return {};
    if (auto added = keys->add(words_at(*select, 2), select->text(1), select->number(0)); !added)
      return added;
  }
}

/// Up to the third form a mail got its words together with its row; from now on, later (LedgerStore).
Result<void> make_fourth_form(Database& database) {
  if (auto filled = fill_in_words(database, kOfFirstForm); !filled) return filled;
  return database.execute("UPDATE upkeep SET words_until = (SELECT coalesce(max(id), 0) FROM mail)");
}

/// What this version had no time for before it ended, and what former versions wrote when an update had been
/// taken back.
Result<void> fill_in_newest_words(Database& database) {
  if (auto filled = fill_in_words(database, kNewest); !filled) return filled;
  return note_words_complete(database);
}

}  // namespace

Result<void> prepare_ledger(Database& database) {
  const auto made = apply_schema(database, std::array<SchemaStep, 4>{make_first_form, make_second_form,
                                                                     make_third_form, make_fourth_form});
  if (!made) return made;
  return transaction(database, [&] { return fill_in_newest_words(database); });
}

Result<void> note_words_complete(Database& database) {
  return database.execute(
      "UPDATE upkeep SET words_until = coalesce((SELECT min(id) FROM mail WHERE outcome = 'open'),"
      " (SELECT max(id) + 1 FROM mail), 1) - 1");
}

std::int64_t day_number(std::string_view time, char missing) {
  constexpr std::size_t kDigits = sizeof("20260301") - 1;
  std::string digits;
  for (const char c : time.substr(0, sizeof("2026-03-01") - 1))
    if (c >= '0' && c <= '9') digits += c;
  digits.resize(kDigits, missing);
  std::int64_t number = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), number);
  return number;
}

std::string lines_of(const std::vector<std::string>& texts) {
  std::string lines;
  for (const std::string& text : texts) {
    if (!lines.empty()) lines += '\n';
    lines += text;
  }
  return lines;
}

std::vector<std::string> lines_in(std::string_view text) {
  std::vector<std::string> lines;
  for (const auto line : std::views::split(text, '\n')) lines.emplace_back(line.begin(), line.end());
  return lines;
}

Result<KeyTable> KeyTable::open(Database& database) {
  auto add = database.prepare("INSERT OR IGNORE INTO mail_key (key, day, mail) VALUES (?1, ?2, ?3)");
  if (!add) return std::unexpected(add.error());
  auto remove = database.prepare("DELETE FROM mail_key WHERE key = ?1 AND day = ?2 AND mail = ?3");
  if (!remove) return std::unexpected(remove.error());
  return KeyTable(std::move(*add), std::move(*remove));
}

Result<void> KeyTable::add(const std::vector<std::string>& keys, std::string_view opened_at,
                           std::int64_t mail) {
  for (const std::string& key : keys)
    if (auto added = add_.bind(1, key).bind(2, day_number(opened_at)).bind(3, mail).run(); !added)
      return added;
  return {};
}

Result<void> KeyTable::remove(const std::vector<std::string>& keys, std::string_view opened_at,
                              std::int64_t mail) {
  for (const std::string& key : keys)
    if (auto removed = remove_.bind(1, key).bind(2, day_number(opened_at)).bind(3, mail).run(); !removed)
      return removed;
  return {};
}

}  // namespace privyseal::gateway
