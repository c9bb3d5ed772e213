#include "hsm/keyd/journal.h"

#include <algorithm>
#include <array>
#include <limits>

#include "firmware/base/check.h"
#include "firmware/base/schema.h"
#include "hsm/keyd/checkpoint.h"
#include "hsm/keyd/key_label.h"

namespace privyseal::keyd {
namespace {

constexpr const char* kFirstTables = R"(
CREATE TABLE IF NOT EXISTS retired_key (
  name  TEXT PRIMARY KEY,
  label TEXT NOT NULL           -- as on the token: role and name
) STRICT;
CREATE TABLE IF NOT EXISTS signed_log (
  origin TEXT PRIMARY KEY,
  daemon TEXT NOT NULL,         -- the origin's last part
  size   INTEGER NOT NULL,      -- of the last checkpoint
  root   BLOB NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS key_use (
  name        TEXT PRIMARY KEY,
  tls_client  INTEGER NOT NULL,
  tls_server  INTEGER NOT NULL,
  csr         INTEGER NOT NULL,
  certificate INTEGER NOT NULL,
  crl         INTEGER NOT NULL,
  checkpoint  INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS unfinished_key (
  id BLOB PRIMARY KEY           -- CKA_ID of a pair that the token was told to make
) STRICT;
CREATE TABLE IF NOT EXISTS open_run (  -- a row while keyd runs
  id INTEGER PRIMARY KEY CHECK (id = 1)
) STRICT;
)";
constexpr const char* kAdditions = R"(
ALTER TABLE key_use ADD COLUMN ocsp         INTEGER NOT NULL DEFAULT 0;
ALTER TABLE key_use ADD COLUMN tls12_server INTEGER NOT NULL DEFAULT 0;
CREATE TABLE used_approval (
  nonce TEXT PRIMARY KEY        -- of what two persons have approved: once
) STRICT;
)";
constexpr const char* kTimeOfRetirement = R"(
ALTER TABLE retired_key ADD COLUMN retired_at INTEGER NOT NULL DEFAULT 0;  -- seconds since 1970
)";
constexpr const char* kLatestDay = R"(
CREATE TABLE latest_day (        -- by which exceptions end (firmware/base/forward_clock.h)
  one INTEGER PRIMARY KEY CHECK (one = 1),
  day INTEGER NOT NULL           -- since 1970
) STRICT;
)";
constexpr std::int64_t kMaxHostsPerDaemon = 16;  // a daemon may change its host's name, but not for ever

Result<void> append(audit::Log& log, const audit::Entry& entry) {
  return log.append(entry).transform([](std::uint64_t) {});
}

Result<void> make_tables(Database& database) { return database.execute(kFirstTables); }
Result<void> add_ocsp_tls12_and_approvals(Database& database) { return database.execute(kAdditions); }

Result<void> add_time_of_retirement(Database& database) { return database.execute(kTimeOfRetirement); }

Result<void> add_latest_day(Database& database) { return database.execute(kLatestDay); }

Result<void> bring_up_to_date(Database& database) {
  return apply_schema(database, std::array<SchemaStep, 4>{make_tables, add_ocsp_tls12_and_approvals,
                                                          add_time_of_retirement, add_latest_day});
}

Result<std::optional<audit::Checkpoint>> last_of(Database& database, const std::string& origin) {
  auto select = database.prepare("SELECT size, root FROM signed_log WHERE origin = ?1");
  if (!select) return std::unexpected(select.error());
  const auto row = select->bind(1, origin).step();
  if (!row) return std::unexpected(row.error());
  if (!*row) return std::nullopt;
  audit::Checkpoint last{.origin = origin, .size = static_cast<std::uint64_t>(select->number(0))};
  const Bytes root = select->blob(1);
  if (root.size() != last.root.size()) return fail(ErrorCode::kInvalid, "journal: a root is damaged");
  std::ranges::copy(root, last.root.begin());
  return last;
}

Result<void> has_room_for(Database& database, std::string_view daemon) {
  auto select = database.prepare("SELECT count(*) FROM signed_log WHERE daemon = ?1");
  if (!select) return std::unexpected(select.error());
  const auto row = select->bind(1, daemon).step();
  if (!row) return std::unexpected(row.error());
  if (!*row || select->number(0) >= kMaxHostsPerDaemon)
    return fail(ErrorCode::kConflict, "checkpoint: this daemon had logs on too many hosts");
  return {};
}

Result<void> keep(Database& database, const audit::Checkpoint& next) {
  const auto name = log_name_of(next.origin);
  CHECK(name.has_value());
  const auto last = last_of(database, next.origin);
  if (!last) return std::unexpected(last.error());
  auto allowed = *last ? check_grows(**last, next) : has_room_for(database, name->daemon);
  if (!allowed) return allowed;
  auto write = database.prepare(
      "INSERT INTO signed_log (origin, daemon, size, root) VALUES (?1, ?2, ?3, ?4) "
      "ON CONFLICT (origin) DO UPDATE SET size = excluded.size, root = excluded.root");
  if (!write) return std::unexpected(write.error());
  return write->bind(1, next.origin)
      .bind(2, name->daemon)
      .bind(3, static_cast<std::int64_t>(next.size))
      .bind(4, ByteView(next.root))
      .run();
}

Result<void> write_uses(Database& database, const std::vector<hsm::KeyUses>& all) {
  auto write = database.prepare(
      "INSERT OR REPLACE INTO key_use (name, tls_client, tls_server, csr, certificate, crl, checkpoint, "
      "ocsp, tls12_server) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)");
  if (!write) return std::unexpected(write.error());
  for (const hsm::KeyUses& uses : all) {
    auto written = write->bind(1, uses.name)
                       .bind(2, static_cast<std::int64_t>(uses.tls_client))
                       .bind(3, static_cast<std::int64_t>(uses.tls_server))
                       .bind(4, static_cast<std::int64_t>(uses.csr))
                       .bind(5, static_cast<std::int64_t>(uses.certificate))
                       .bind(6, static_cast<std::int64_t>(uses.crl))
                       .bind(7, static_cast<std::int64_t>(uses.checkpoint))
                       .bind(8, static_cast<std::int64_t>(uses.ocsp))
                       .bind(9, static_cast<std::int64_t>(uses.tls12_server))
                       .run();
    if (!written) return written;
  }
  return {};
}

}  // namespace

Result<Journal::StoreRef> Journal::open_store(const std::filesystem::path& file, const std::string& origin,
                                              const Clock& clock) {
  auto database = Database::open(file, Database::Mode::kReadWrite);
  if (!database) return fail("journal", database.error());
  if (auto current = bring_up_to_date(*database); !current) return fail("journal", current.error());
  auto store = std::make_unique<Store>(Store{.database = std::move(*database), .log = std::nullopt});
  auto log = audit::Log::open(store->database, origin, clock);
  if (!log) return fail("journal", log.error());
  store->log = std::move(*log);
  return store;
}

Result<std::unique_ptr<Journal>> Journal::open(const std::filesystem::path& file, const std::string& origin,
                                               const Clock& clock) {
  auto store = open_store(file, origin, clock);
  if (!store) return std::unexpected(store.error());
  auto signing = open_store(file, origin, clock);
  if (!signing) return std::unexpected(signing.error());
  return std::unique_ptr<Journal>(new Journal(std::move(*store), std::move(*signing)));
}

Result<std::vector<hsm::RetiredKey>> Journal::retired_keys() {
  return store_.with([](const StoreRef& store) -> Result<std::vector<hsm::RetiredKey>> {
    auto select = store->database.prepare("SELECT label, retired_at FROM retired_key ORDER BY name");
    if (!select) return std::unexpected(select.error());
    std::vector<hsm::RetiredKey> keys;
    for (;;) {
      const auto row = select->step();
      if (!row) return std::unexpected(row.error());
      if (!*row) return keys;
      auto label = parse_key_label(select->text(0));
      if (!label) return fail(ErrorCode::kInvalid, "journal: a retired key cannot be read");
      keys.push_back({.name = std::move(label->name),
                      .role = label->role,
                      .retired_at = static_cast<std::uint64_t>(select->number(1))});
    }
  });
}

Result<void> Journal::begin_key(ByteView id) {
  return store_.with([&](const StoreRef& store) -> Result<void> {
    auto insert = store->database.prepare("INSERT INTO unfinished_key (id) VALUES (?1)");
    if (!insert) return std::unexpected(insert.error());
    return insert->bind(1, id).run();
  });
}

Result<void> Journal::end_key(ByteView id) {
  return store_.with([&](const StoreRef& store) -> Result<void> {
    auto remove = store->database.prepare("DELETE FROM unfinished_key WHERE id = ?1");
    if (!remove) return std::unexpected(remove.error());
    return remove->bind(1, id).run();
  });
}

Result<std::vector<Bytes>> Journal::unfinished_keys() {
  return store_.with([](const StoreRef& store) -> Result<std::vector<Bytes>> {
    auto select = store->database.prepare("SELECT id FROM unfinished_key");
    if (!select) return std::unexpected(select.error());
    std::vector<Bytes> ids;
    for (;;) {
      const auto row = select->step();
      if (!row) return std::unexpected(row.error());
      if (!*row) return ids;
      ids.push_back(select->blob(0));
    }
  });
}

Result<void> Journal::record(const audit::Entry& entry) {
  return store_.with([&](const StoreRef& store) {
    return transaction(store->database, [&] { return append(*store->log, entry); });
  });
}

Result<void> Journal::retire(const hsm::RetiredKey& key, const audit::Entry& entry) {
  return store_.with([&](const StoreRef& store) {
    return transaction(store->database, [&]() -> Result<void> {
      auto insert =
          store->database.prepare("INSERT INTO retired_key (name, label, retired_at) VALUES (?1, ?2, ?3)");
      if (!insert) return std::unexpected(insert.error());
      insert->bind(1, key.name)
          .bind(2, to_text(KeyLabel{.role = key.role, .name = key.name}))
          .bind(3, static_cast<std::int64_t>(key.retired_at));
      if (auto added = insert->run(); !added) return added;
      return append(*store->log, entry);
    });
  });
}

Result<void> Journal::use_approval(const std::string& nonce, const audit::Entry& entry) {
  return store_.with([&](const StoreRef& store) {
    return transaction(store->database, [&]() -> Result<void> {
      auto insert = store->database.prepare("INSERT INTO used_approval (nonce) VALUES (?1)");
      if (!insert) return std::unexpected(insert.error());
      if (auto added = insert->bind(1, nonce).run(); !added) return added;
      return append(*store->log, entry);
    });
  });
}

Result<void> Journal::remember(const audit::Checkpoint& checkpoint) {
  const auto name = log_name_of(checkpoint.origin);
  CHECK(name.has_value());
  if (!is_log(*name)) return {};
  return store_.with([&](const StoreRef& store) {
    return transaction(store->database, [&] { return keep(store->database, checkpoint); });
  });
}

Result<bool> Journal::begin_run() {
  return store_.with([](const StoreRef& store) {
    return transaction(store->database, [&]() -> Result<bool> {
      auto open = store->database.prepare("SELECT id FROM open_run");
      if (!open) return std::unexpected(open.error());
      const auto was_open = open->step();
      if (!was_open) return std::unexpected(was_open.error());
      if (*was_open) return false;
      return store->database.execute("INSERT INTO open_run (id) VALUES (1)").transform([] { return true; });
    });
  });
}

Result<std::vector<hsm::KeyUses>> Journal::uses() {
  return store_.with([](const StoreRef& store) -> Result<std::vector<hsm::KeyUses>> {
    auto select = store->database.prepare(
        "SELECT name, tls_client, tls_server, csr, certificate, crl, checkpoint, ocsp, tls12_server "
        "FROM key_use ORDER BY name");
    if (!select) return std::unexpected(select.error());
    std::vector<hsm::KeyUses> uses;
    for (;;) {
      const auto row = select->step();
      if (!row) return std::unexpected(row.error());
      if (!*row) return uses;
      const auto count = [&](int column) { return static_cast<std::uint64_t>(select->number(column)); };
      uses.push_back({.name = select->text(0),
                      .tls_client = count(1),
                      .tls_server = count(2),
                      .csr = count(3),
                      .certificate = count(4),
                      .crl = count(5),
                      .checkpoint = count(6),
                      .ocsp = count(7),
                      .tls12_server = count(8)});
    }
  });
}

Result<void> Journal::keep_uses(const std::vector<hsm::KeyUses>& uses) {
  return store_.with([&](const StoreRef& store) {
    return transaction(store->database, [&] { return write_uses(store->database, uses); });
  });
}

Result<void> Journal::end_run(const std::vector<hsm::KeyUses>& uses) {
  return store_.with([&](const StoreRef& store) {
    return transaction(store->database, [&]() -> Result<void> {
      if (auto written = write_uses(store->database, uses); !written) return written;
      return store->database.execute("DELETE FROM open_run");
    });
  });
}

Result<std::vector<std::string>> Journal::entries(std::uint64_t after, std::uint64_t limit) {
  if (after > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
    return std::vector<std::string>();
  return store_.with([&](const StoreRef& store) { return store->log->entries(after, limit); });
}

Result<std::chrono::sys_days> Journal::latest_day() {
  return store_.with([](const StoreRef& store) -> Result<std::chrono::sys_days> {
    auto select = store->database.prepare("SELECT max(day) FROM latest_day");
    if (!select) return std::unexpected(select.error());
    const auto row = select->step();
    if (!row) return std::unexpected(row.error());
    return std::chrono::sys_days(std::chrono::days(select->number(0)));
  });
}

Result<void> Journal::note_day(std::chrono::sys_days day) {
  return store_.with([&](const StoreRef& store) -> Result<void> {
    auto write = store->database.prepare("INSERT OR REPLACE INTO latest_day (one, day) VALUES (1, ?1)");
    if (!write) return std::unexpected(write.error());
    return write->bind(1, std::int64_t{day.time_since_epoch().count()}).run();
  });
}

Result<hsm::AuditCheckpointAnswer> Journal::last_checkpoint() {
  return store_.with([](const StoreRef& store) -> Result<hsm::AuditCheckpointAnswer> {
    const auto size = store->log->size();
    if (!size) return std::unexpected(size.error());
    auto note = store->log->last_checkpoint();
    if (!note) return std::unexpected(note.error());
    return hsm::AuditCheckpointAnswer{.size = *size, .note = std::move(*note)};
  });
}

Result<bool> Journal::checkpoint(audit::Signer& signer) {
  return signing_.with([&](const StoreRef& store) { return store->log->checkpoint(signer); });
}

}  // namespace privyseal::keyd
