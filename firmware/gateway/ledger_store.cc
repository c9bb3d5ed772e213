#include "firmware/gateway/ledger_store.h"

namespace privyseal::gateway {
namespace {

constexpr const char* kSchema = R"(
CREATE TABLE IF NOT EXISTS mail (
  id             INTEGER PRIMARY KEY AUTOINCREMENT,
  opened_at      TEXT NOT NULL,     -- RFC 3339, UTC
  closed_at      TEXT,
  direction      TEXT NOT NULL CHECK (direction IN ('out', 'in')),
  client_address TEXT NOT NULL,
  sender         TEXT NOT NULL,     -- '' is the null reverse-path
  recipients     TEXT NOT NULL,     -- one a line
  size_bytes     INTEGER,
  session_id     TEXT,              -- of the CJSM side; the facts below are of that session too
  tls_version    TEXT,
  tls_group      TEXT,
  tls_suite      TEXT,
  peer_subject   TEXT,
  peer_serial    TEXT,
  peer_issuer    TEXT,
  resumed        INTEGER,
  hop            TEXT NOT NULL,
  outcome        TEXT NOT NULL,
  reply          TEXT
) STRICT;
CREATE INDEX IF NOT EXISTS mail_open ON mail (outcome) WHERE outcome = 'open';
)";

constexpr std::string_view kAdd =
    "INSERT INTO mail (opened_at, direction, client_address, sender, recipients, hop, outcome, session_id,"
    " tls_version, tls_group, tls_suite, peer_subject, peer_serial, peer_issuer, resumed)"
    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, 'open', ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)";

constexpr std::string_view kClose =
    "UPDATE mail SET closed_at = ?2, outcome = ?3, size_bytes = ?4, reply = ?5 WHERE id = ?1 AND outcome = "
    "'open'";

constexpr std::string_view kCloseLeftOvers =
    "UPDATE mail SET closed_at = ?1, outcome = 'unknown', reply = 'the gateway stopped before the end was "
    "known'"
    " WHERE outcome = 'open'";

std::string lines_of(const std::vector<std::string>& recipients) {
  std::string lines;
  for (const std::string& recipient : recipients) {
    if (!lines.empty()) lines += '\n';
    lines += recipient;
  }
  return lines;
}

}  // namespace

Result<LedgerStore> LedgerStore::open(const std::filesystem::path& file) {
  auto database = Database::open(file, Database::Mode::kReadWrite);
  if (!database) return fail("ledger", database.error());
  if (auto made = database->execute(kSchema); !made) return fail("ledger", made.error());
  auto add = database->prepare(kAdd);
  if (!add) return fail("ledger", add.error());
  auto close = database->prepare(kClose);
  if (!close) return fail("ledger", close.error());
  return LedgerStore(std::move(*database), std::move(*add), std::move(*close));
}

Result<void> LedgerStore::close_left_overs(WallTime now) {
  auto statement = database_.prepare(kCloseLeftOvers);
  if (!statement) return fail("ledger", statement.error());
  return statement->bind(1, to_rfc3339(now)).run();
}

Result<void> LedgerStore::begin() { return database_.execute("BEGIN IMMEDIATE"); }

Result<RowId> LedgerStore::add(const MailRecord& record) {
  add_.bind(1, to_rfc3339(record.opened_at))
      .bind(2, to_string(record.direction))
      .bind(3, record.client_address)
      .bind(4, record.sender)
      .bind(5, lines_of(record.recipients))
      .bind(6, record.hop);
  // Parameters that are not bound stay NULL: a mail that never had a session.
  if (const auto& session = record.cjsm_session; session) {
    add_.bind(7, session->session_id)
        .bind(8, session->version)
        .bind(9, session->group)
        .bind(10, session->suite)
        .bind(11, session->peer_subject)
        .bind(12, session->peer_serial)
        .bind(13, session->peer_issuer)
        .bind(14, std::int64_t{session->resumed});
  }
  if (auto added = add_.run(); !added) return std::unexpected(added.error());
  return database_.last_row_id();
}

Result<void> LedgerStore::close(RowId row, const MailEnd& end) {
  close_.bind(1, row)
      .bind(2, to_rfc3339(end.closed_at))
      .bind(3, to_string(end.outcome))
      .bind(4, static_cast<std::int64_t>(end.size_bytes))
      .bind(5, end.reply);
  if (auto closed = close_.run(); !closed) return closed;
  if (database_.changes() != 1) return fail(ErrorCode::kConflict, "ledger: no such open row");
  return {};
}

Result<void> LedgerStore::commit() { return database_.execute("COMMIT"); }

void LedgerStore::roll_back() { static_cast<void>(database_.execute("ROLLBACK")); }

}  // namespace privyseal::gateway
