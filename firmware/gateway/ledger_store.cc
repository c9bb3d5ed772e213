#include "firmware/gateway/ledger_store.h"

#include "firmware/base/random.h"
#include "firmware/gateway/ledger_row.h"
#include "firmware/gateway/ledger_words.h"

namespace privyseal::gateway {
namespace {

constexpr std::string_view kAdd =
    "INSERT INTO mail (opened_at, direction, client_address, sender, recipients, hop, outcome, salt, form,"
    " session_id, tls_version, tls_group, tls_suite, peer_subject, peer_serial, peer_issuer, resumed,"
    " signatures, handshake_ms,"
    " lan_session_id, lan_tls_version, lan_tls_group, lan_tls_suite, lan_peer_subject, lan_peer_serial,"
    " lan_peer_issuer, lan_resumed, lan_signatures, lan_handshake_ms)"
    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, 'open', ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19,"
    " ?20, ?21, ?22, ?23, ?24, ?25, ?26, ?27, ?28) RETURNING ";
constexpr int kCjsmSession = 9;  // the first of its ten parameters
constexpr int kLanSession = 19;

constexpr std::string_view kClose =
    "UPDATE mail SET closed_at = ?2, outcome = ?3, size_bytes = ?4, reply = ?5, message_id = ?6, marking = "
    "?7,"
    " verdict = ?8, connect_ms = ?9, record_ms = ?10, body_ms = ?11, verdict_ms = ?12"
    " WHERE id = ?1 AND outcome = 'open' RETURNING ";

constexpr std::size_t kSaltBytes = 16;

// Entered in a few milliseconds, for which mail waits.
constexpr std::size_t kMostWordless = 256;

/// Parameters that are not bound stay NULL: a mail that never had that session.
void bind_session(Statement& add, int first, const std::optional<tls::SessionFacts>& session) {
  if (!session) return;
  add.bind(first, session->session_id)
      .bind(first + 1, session->version)
      .bind(first + 2, session->group)
      .bind(first + 3, session->suite)
      .bind(first + 4, session->peer_subject)
      .bind(first + 5, session->peer_serial)
      .bind(first + 6, session->peer_issuer)
      .bind(first + 7, std::int64_t{session->resumed})
      .bind(first + 8, std::int64_t{session->signatures})
      .bind(first + 9, std::int64_t{session->handshake_took.count()});
}

/// An empty text stays NULL.
void bind_if_known(Statement& close, int parameter, const std::string& text) {
  if (!text.empty()) close.bind(parameter, text);
}

void bind_if_known(Statement& close, int parameter, StageTimes::Time time) {
  if (time) close.bind(parameter, std::int64_t{time->count()});
}

/// What a written row gives back: all that the log vouches for, and behind it what its words are made of.
std::string returned() { return row_columns() + ", " + std::string(kWordColumns); }

}  // namespace

Result<LedgerStore> LedgerStore::open(const std::filesystem::path& file, const std::string& origin,
                                      const Clock& clock) {
  auto opened = Database::open(file, Database::Mode::kReadWrite);
  if (!opened) return fail("ledger", opened.error());
  auto database = std::make_unique<Database>(std::move(*opened));
  if (auto made = prepare_ledger(*database); !made) return fail("ledger", made.error());
  auto log = audit::Log::open(*database, origin, clock);
  if (!log) return fail("ledger", log.error());
  auto unheard = UnheardStore::open(*database);
  if (!unheard) return fail("ledger", unheard.error());
  auto add = database->prepare(std::string(kAdd) + returned());
  if (!add) return fail("ledger", add.error());
  auto close = database->prepare(std::string(kClose) + returned());
  if (!close) return fail("ledger", close.error());
  auto mark_opened = database->prepare("UPDATE mail SET opened_seq = ?2 WHERE id = ?1");
  if (!mark_opened) return fail("ledger", mark_opened.error());
  auto mark_closed = database->prepare("UPDATE mail SET closed_seq = ?2 WHERE id = ?1");
  if (!mark_closed) return fail("ledger", mark_closed.error());
  auto keys = KeyTable::open(*database);
  if (!keys) return fail("ledger", keys.error());
  return LedgerStore(std::move(database), std::move(*log), std::move(*unheard),
                     {.add = std::move(*add),
                      .close = std::move(*close),
                      .mark_opened = std::move(*mark_opened),
                      .mark_closed = std::move(*mark_closed),
                      .keys = std::move(*keys)});
}

Result<void> LedgerStore::close_left_overs(WallTime now) {
  const auto rows = open_rows();
  if (!rows) return std::unexpected(rows.error());
  if (rows->empty()) return {};
  return together([&] {
    return close_rows(*rows, {.closed_at = now,
                              .outcome = Outcome::kUnknown,
                              .size_bytes = 0,
                              .reply = "the gateway stopped before the end was known"});
  });
}

Result<std::vector<RowId>> LedgerStore::open_rows() {
  auto select = database_->prepare("SELECT id FROM mail WHERE outcome = 'open' ORDER BY id");
  if (!select) return fail("ledger", select.error());
  std::vector<RowId> rows;
  for (;;) {
    const auto row = select->step();
    if (!row) return std::unexpected(row.error());
    if (!*row) return rows;
    rows.push_back(select->number(0));
  }
}

Result<void> LedgerStore::close_rows(const std::vector<RowId>& rows, const MailEnd& end) {
  for (const RowId row : rows)
    if (auto closed = close(row, end); !closed) return closed;
  return {};
}

Result<void> LedgerStore::together(const std::function<Result<void>()>& work, Words words) {
  const std::size_t before = wordless_.size();
  bool are_entered = false;
  auto done = transaction(*database_, [&] -> Result<void> {
    if (auto worked = work(); !worked) return worked;
    are_entered = !wordless_.empty() && (words == Words::kNow || wordless_.size() >= kMostWordless);
    return are_entered ? enter_words() : Result<void>();
  });
  if (!done)
    wordless_.resize(before);
  else if (are_entered)
    wordless_.clear();
  return done;
}

Result<void> LedgerStore::enter_words() {
  for (const MailWords& mail : wordless_)
    if (auto added = statements_.keys.add(mail.words, mail.opened_at, mail.mail); !added) return added;
  return note_words_complete(*database_);
}

Result<Retention::Progress> LedgerStore::purge(const Retention::Progress& from, WallTime now,
                                               std::int64_t most) {
  return transaction(*database_, [&] { return retention().purge(from, now, most); });
}

Result<std::string> LedgerStore::live(const Clock& clock) {
  return transaction(*database_, [&] {
    return note_life(*database_, clock.boot_time(), clock.now()).and_then([&] {
      return purge_delay(*database_, clock.now(), kRetention);
    });
  });
}

Result<RowId> LedgerStore::add(const MailRecord& record) {
  Statement& add = statements_.add;
  const Bytes salt = random_bytes(kSaltBytes);
  add.bind(1, to_rfc3339(record.opened_at))
      .bind(2, to_string(record.direction))
      .bind(3, record.client_address)
      .bind(4, record.sender)
      .bind(5, lines_of(record.recipients))
      .bind(6, record.hop)
      .bind(7, ByteView(salt))
      .bind(8, kRowForm);
  bind_session(add, kCjsmSession, record.cjsm_session);
  bind_session(add, kLanSession, record.lan_session);
  if (auto added = add.step(); !added) return std::unexpected(added.error());
  const RowId id = add.number(0);
  const std::string row = canonical_row(add);
  wordless_.push_back({.mail = id,
                       .opened_at = to_rfc3339(record.opened_at),
                       .words = opening_words_at(add, row_column_count())});
  add.reset();
  if (auto vouched = vouch("mail-opened", id, row, to_string(Outcome::kOpen), statements_.mark_opened);
      !vouched)
    return std::unexpected(vouched.error());
  return id;
}

Result<void> LedgerStore::close(RowId row, const MailEnd& end) {
  Statement& close = statements_.close;
  close.bind(1, row)
      .bind(2, to_rfc3339(end.closed_at))
      .bind(3, to_string(end.outcome))
      .bind(4, static_cast<std::int64_t>(end.size_bytes))
      .bind(5, end.reply);
  bind_if_known(close, 6, end.policy.message_id);
  bind_if_known(close, 7, end.policy.marking);
  bind_if_known(close, 8, end.policy.verdict);
  bind_if_known(close, 9, end.took.connect);
  bind_if_known(close, 10, end.took.record);
  bind_if_known(close, 11, end.took.body);
  bind_if_known(close, 12, end.took.verdict);
  const auto closed = close.step();
  if (!closed) return std::unexpected(closed.error());
  if (!*closed) return fail(ErrorCode::kConflict, "ledger: no such open row");
  const std::string text = canonical_row(close);
  auto words = closing_words_at(close, row_column_count());
  if (!words.empty())
    wordless_.push_back({.mail = row, .opened_at = close.text(1), .words = std::move(words)});
  close.reset();
  return vouch("mail-closed", row, text, to_string(end.outcome), statements_.mark_closed);
}

Result<void> LedgerStore::vouch(std::string_view action, RowId row, const std::string& canonical_row,
                                std::string_view outcome, Statement& mark) {
  const auto seq = log_.append({.actor = std::string(kActor),
                                .role = "daemon",
                                .source = {},
                                .action = std::string(action),
                                .object = "mail/" + std::to_string(row),
                                .params_hash = hash_of_row(canonical_row),
                                .outcome = std::string(outcome)});
  if (!seq) return std::unexpected(seq.error());
  return mark.bind(1, row).bind(2, static_cast<std::int64_t>(*seq)).run();
}

Result<void> LedgerStore::note(const audit::Entry& entry) {
  return log_.append(entry).transform([](std::uint64_t) {});
}

}  // namespace privyseal::gateway
