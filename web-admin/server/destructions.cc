#include "web-admin/server/destructions.h"

#include "firmware/base/rows.h"

namespace privyseal::web {
namespace {

constexpr const char* kSchema = R"(
CREATE TABLE IF NOT EXISTS destruction (
  nonce      TEXT PRIMARY KEY,
  key        TEXT NOT NULL UNIQUE,
  text       TEXT NOT NULL,          -- of hsm/destruction.h
  role       TEXT NOT NULL,
  retired_at TEXT NOT NULL,
  asked_by   TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS destruction_end (
  nonce   TEXT PRIMARY KEY,
  refusal TEXT NOT NULL              -- keyd's; empty: it has destroyed the key
) STRICT;
CREATE TABLE IF NOT EXISTS destruction_approval (
  nonce              TEXT NOT NULL,
  person             TEXT NOT NULL,
  user               TEXT NOT NULL,
  at                 TEXT NOT NULL,
  authenticator_data BLOB NOT NULL,
  client_data        TEXT NOT NULL,
  signature          BLOB NOT NULL,
  UNIQUE (nonce, person)
) STRICT;
)";

constexpr std::string_view kSelect =
    "SELECT text, role, retired_at, asked_by, refusal IS '', coalesce(refusal, '')"
    " FROM destruction LEFT JOIN destruction_end USING (nonce) ";

Result<WantedDestruction> wanted_in(const Statement& row) {
  auto what = hsm::parse_destruction(row.text(0));
  if (!what) return fail("destructions", what.error());
  return WantedDestruction{.what = std::move(*what),
                           .role = row.text(1),
                           .retired_at = row.text(2),
                           .asked_by = row.text(3),
                           .is_done = row.number(4) != 0,
                           .refusal = row.text(5)};
}

}  // namespace

Result<Destructions> Destructions::open(Database& database) {
  if (auto made = database.execute(kSchema); !made) return fail("destructions", made.error());
  return Destructions(database);
}

Result<void> Destructions::ask(const WantedDestruction& wanted) {
  return transaction(*database_, [&]() -> Result<void> {
    for (const std::string_view sql :
         {"DELETE FROM destruction_approval WHERE nonce IN (SELECT nonce FROM destruction WHERE key = ?1)",
          "DELETE FROM destruction_end WHERE nonce IN (SELECT nonce FROM destruction WHERE key = ?1)",
          "DELETE FROM destruction WHERE key = ?1"}) {
      auto remove = database_->prepare(sql);
      if (!remove) return std::unexpected(remove.error());
      if (auto removed = remove->bind(1, wanted.what.key).run(); !removed) return removed;
    }
    auto insert = database_->prepare(
        "INSERT INTO destruction (nonce, key, text, role, retired_at, asked_by) VALUES (?1, ?2, ?3, ?4, ?5, "
        "?6)");
    if (!insert) return std::unexpected(insert.error());
    return insert->bind(1, wanted.what.nonce)
        .bind(2, wanted.what.key)
        .bind(3, to_text(wanted.what))
        .bind(4, wanted.role)
        .bind(5, wanted.retired_at)
        .bind(6, wanted.asked_by)
        .run();
  });
}

Result<std::vector<WantedDestruction>> Destructions::all() {
  auto rows = database_->prepare(std::string(kSelect) + "ORDER BY key");
  if (!rows) return std::unexpected(rows.error());
  return rows_of(*rows, wanted_in);
}

Result<std::optional<WantedDestruction>> Destructions::find(std::string_view nonce) {
  auto rows = database_->prepare(std::string(kSelect) + "WHERE nonce = ?1");
  if (!rows) return std::unexpected(rows.error());
  auto found = rows_of(rows->bind(1, nonce), wanted_in);
  if (!found) return std::unexpected(found.error());
  if (found->empty()) return std::optional<WantedDestruction>();
  return std::move(found->front());
}

Result<std::vector<GivenApproval>> Destructions::approvals_of(std::string_view nonce) {
  auto rows = database_->prepare(
      "SELECT person, user, at, authenticator_data, client_data, signature FROM destruction_approval"
      " WHERE nonce = ?1 ORDER BY rowid");
  if (!rows) return std::unexpected(rows.error());
  return rows_of(rows->bind(1, nonce), [](const Statement& row) {
    return GivenApproval{.approval = {.person = row.text(0),
                                      .authenticator_data = row.blob(3),
                                      .client_data = row.text(4),
                                      .signature = row.blob(5)},
                         .user = row.text(1),
                         .at = row.text(2)};
  });
}

Result<void> Destructions::approve(std::string_view nonce, const GivenApproval& given) {
  auto insert = database_->prepare(
      "INSERT INTO destruction_approval (nonce, person, user, at, authenticator_data, client_data, signature)"
      " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)");
  if (!insert) return std::unexpected(insert.error());
  const auto added = insert->bind(1, nonce)
                         .bind(2, given.approval.person)
                         .bind(3, given.user)
                         .bind(4, given.at)
                         .bind(5, ByteView(given.approval.authenticator_data))
                         .bind(6, given.approval.client_data)
                         .bind(7, ByteView(given.approval.signature))
                         .run();
  if (!added && added.error().code == ErrorCode::kConflict)
    return fail(ErrorCode::kConflict,
                "You have approved this already. The second approval must be another person's.");
  return added;
}

Result<void> Destructions::end(std::string_view nonce, std::string_view refusal) {
  auto insert = database_->prepare("INSERT OR REPLACE INTO destruction_end (nonce, refusal) VALUES (?1, ?2)");
  if (!insert) return std::unexpected(insert.error());
  return insert->bind(1, nonce).bind(2, refusal).run();
}

}  // namespace privyseal::web
