#include "firmware/gateway/unheard_store.h"

#include <algorithm>

#include "firmware/base/random.h"

namespace privyseal::gateway {
namespace {

constexpr const char* kSchema = R"(
CREATE TABLE IF NOT EXISTS unheard (
  identity BLOB PRIMARY KEY,     -- mail_identity.h
  mail     INTEGER NOT NULL,     -- its row in the table of that name
  at_ms    INTEGER NOT NULL      -- since 1970, UTC
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS identity_key (one INTEGER PRIMARY KEY CHECK (one = 1), key BLOB NOT NULL) STRICT;
)";

constexpr std::size_t kKeyBytes = 32;

Result<Bytes> read_key(Database& database) {
  auto keep = database.prepare("INSERT OR IGNORE INTO identity_key VALUES (1, ?1)");
  if (!keep) return std::unexpected(keep.error());
  const Bytes fresh = random_bytes(kKeyBytes);
  if (auto kept = keep->bind(1, ByteView(fresh)).run(); !kept) return std::unexpected(kept.error());
  auto select = database.prepare("SELECT key FROM identity_key");
  if (!select) return std::unexpected(select.error());
  if (auto row = select->step(); !row) return std::unexpected(row.error());
  return select->blob(0);
}

}  // namespace

Result<UnheardStore> UnheardStore::open(Database& database) {
  if (auto made = database.execute(kSchema); !made) return std::unexpected(made.error());
  auto key = read_key(database);
  if (!key) return std::unexpected(key.error());
  auto add = database.prepare("INSERT OR REPLACE INTO unheard VALUES (?1, ?2, ?3)");
  if (!add) return std::unexpected(add.error());
  auto remove = database.prepare("DELETE FROM unheard WHERE identity = ?1");
  if (!remove) return std::unexpected(remove.error());
  return UnheardStore(std::move(*key), std::move(*add), std::move(*remove));
}

Result<std::vector<UnheardStore::Mail>> UnheardStore::read(Database& database) {
  auto select = database.prepare("SELECT identity, mail, at_ms FROM unheard ORDER BY at_ms, mail");
  if (!select) return std::unexpected(select.error());
  std::vector<Mail> mails;
  for (;;) {
    const auto row = select->step();
    if (!row) return std::unexpected(row.error());
    if (!*row) return mails;
    const Bytes identity = select->blob(0);
    Mail mail{.identity = {},
              .row = select->number(1),
              .at = WallTime(std::chrono::milliseconds(select->number(2)))};
    if (identity.size() != mail.identity.size()) continue;  // not one of ours
    std::ranges::copy(identity, mail.identity.begin());
    mails.push_back(mail);
  }
}

Result<void> UnheardStore::add(const Mail& mail) {
  return add_.bind(1, ByteView(mail.identity))
      .bind(2, mail.row)
      .bind(3, std::int64_t{mail.at.time_since_epoch().count()})
      .run();
}

Result<void> UnheardStore::remove(const MailIdentity& mail) { return remove_.bind(1, ByteView(mail)).run(); }

}  // namespace privyseal::gateway
