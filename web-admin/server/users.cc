#include "web-admin/server/users.h"

#include <algorithm>

#include "firmware/base/rows.h"

namespace privyseal::web {
namespace {

constexpr std::size_t kMaxName = 60;
constexpr std::size_t kMaxEmail = 254;

constexpr const char* kSchema = R"(
CREATE TABLE IF NOT EXISTS user (
  id       INTEGER PRIMARY KEY AUTOINCREMENT,
  name     TEXT NOT NULL COLLATE NOCASE,
  email    TEXT NOT NULL COLLATE NOCASE,
  role     TEXT NOT NULL CHECK (role IN ('officer', 'operator', 'auditor')),
  since    TEXT NOT NULL,     -- RFC 3339, UTC
  ended_at TEXT
) STRICT;
CREATE UNIQUE INDEX IF NOT EXISTS user_name ON user (name) WHERE ended_at IS NULL;
CREATE UNIQUE INDEX IF NOT EXISTS user_email ON user (email) WHERE ended_at IS NULL;
CREATE TABLE IF NOT EXISTS passkey (
  credential_id BLOB PRIMARY KEY,
  user_id       INTEGER NOT NULL REFERENCES user (id),
  algorithm     INTEGER NOT NULL,   -- COSE
  public_key    BLOB NOT NULL,
  sign_count    INTEGER NOT NULL,
  since         TEXT NOT NULL
) STRICT;
)";

constexpr std::string_view kSelectUser =
    "SELECT id, name, email, role, since, EXISTS (SELECT 1 FROM passkey WHERE user_id = user.id) FROM user "
    "WHERE ended_at IS NULL ";

Result<User> user_in(const Statement& row) {
  const auto role = role_named(row.text(3));
  if (!role) return fail(ErrorCode::kInvalid, "users: a row has no role");
  return User{.id = row.number(0),
              .name = row.text(1),
              .email = row.text(2),
              .role = *role,
              .since = row.text(4),
              .has_passkey = row.number(5) != 0};
}

bool is_printable(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) >= 0x20 && c != 0x7f; });
}

}  // namespace

std::string complaint_about(const NewUser& user) {
  if (user.name.empty()) return "Enter a name.";
  if (user.name.size() > kMaxName || !is_printable(user.name))
    return "The name must have at most 60 characters, on one line.";
  const auto at = user.email.find('@');
  const bool is_address = at != std::string::npos && at > 0 && at + 1 < user.email.size() &&
                          user.email.find('@', at + 1) == std::string::npos && !user.email.contains(' ') &&
                          is_printable(user.email) && user.email.size() <= kMaxEmail;
  if (!is_address) return "Enter an e-mail address, like name@example.org.";
  return {};
}

Result<Users> Users::open(Database& database) {
  if (auto made = database.execute(kSchema); !made) return fail("users", made.error());
  return Users(database);
}

Result<std::vector<User>> Users::all() {
  auto rows = database_->prepare(std::string(kSelectUser) + "ORDER BY name");
  if (!rows) return std::unexpected(rows.error());
  return rows_of(*rows, user_in);
}

Result<std::optional<User>> Users::find(std::int64_t id) {
  auto rows = database_->prepare(std::string(kSelectUser) + "AND id = ?1");
  if (!rows) return std::unexpected(rows.error());
  const auto found = rows->bind(1, id).step();
  if (!found) return std::unexpected(found.error());
  if (!*found) return std::optional<User>();
  return user_in(*rows);
}

Result<bool> Users::has_officer() {
  const auto users = all();
  if (!users) return std::unexpected(users.error());
  return std::ranges::any_of(
      *users, [](const User& user) { return user.role == Role::kOfficer && user.has_passkey; });
}

Result<User> Users::add(const NewUser& user, WallTime now) {
  if (auto complaint = complaint_about(user); !complaint.empty()) return fail(ErrorCode::kInvalid, complaint);
  auto insert = database_->prepare("INSERT INTO user (name, email, role, since) VALUES (?1, ?2, ?3, ?4)");
  if (!insert) return std::unexpected(insert.error());
  const auto added = insert->bind(1, user.name)
                         .bind(2, user.email)
                         .bind(3, to_string(user.role))
                         .bind(4, to_rfc3339(now))
                         .run();
  if (!added && added.error().code == ErrorCode::kConflict)
    return fail(ErrorCode::kConflict, "Somebody here has that name or that e-mail address already.");
  if (!added) return std::unexpected(added.error());
  auto made = find(database_->last_row_id());
  if (!made) return std::unexpected(made.error());
  if (!*made) return fail(ErrorCode::kNotFound, "users: the new row is not there");
  return std::move(**made);
}

Result<void> Users::end(std::int64_t id, WallTime now) {
  const auto users = all();
  if (!users) return std::unexpected(users.error());
  const bool another = std::ranges::any_of(*users, [&](const User& user) {
    return user.id != id && user.role == Role::kOfficer && user.has_passkey;
  });
  if (!another)
    return fail(ErrorCode::kConflict,
                "This is the last officer who can sign in. Invite another officer first.");
  auto update = database_->prepare("UPDATE user SET ended_at = ?2 WHERE id = ?1 AND ended_at IS NULL");
  if (!update) return std::unexpected(update.error());
  if (auto ended = update->bind(1, id).bind(2, to_rfc3339(now)).run(); !ended) return ended;
  if (database_->changes() != 1) return fail(ErrorCode::kNotFound, "There is no such user.");
  auto forget = database_->prepare("DELETE FROM passkey WHERE user_id = ?1");
  if (!forget) return std::unexpected(forget.error());
  return forget->bind(1, id).run();
}

Result<void> Users::add_passkey(std::int64_t id, const Passkey& passkey, WallTime now) {
  auto insert = database_->prepare(
      "INSERT INTO passkey (credential_id, user_id, algorithm, public_key, sign_count, since)"
      " VALUES (?1, ?2, ?3, ?4, ?5, ?6)");
  if (!insert) return std::unexpected(insert.error());
  return insert->bind(1, ByteView(passkey.credential_id))
      .bind(2, id)
      .bind(3, std::int64_t{passkey.algorithm})
      .bind(4, ByteView(passkey.public_key))
      .bind(5, std::int64_t{passkey.sign_count})
      .bind(6, to_rfc3339(now))
      .run();
}

Result<std::optional<PasskeyOwner>> Users::find_passkey(ByteView credential_id) {
  auto rows = database_->prepare(
      "SELECT user_id, algorithm, public_key, sign_count FROM passkey WHERE credential_id = ?1");
  if (!rows) return std::unexpected(rows.error());
  const auto found = rows->bind(1, credential_id).step();
  if (!found) return std::unexpected(found.error());
  if (!*found) return std::optional<PasskeyOwner>();
  auto user = find(rows->number(0));
  if (!user) return std::unexpected(user.error());
  if (!*user) return std::optional<PasskeyOwner>();
  return PasskeyOwner{.user = std::move(**user),
                      .passkey = {.credential_id = copy_of(credential_id),
                                  .algorithm = static_cast<int>(rows->number(1)),
                                  .public_key = rows->blob(2),
                                  .sign_count = static_cast<std::uint32_t>(rows->number(3))}};
}

Result<std::vector<Passkey>> Users::passkeys_of(std::int64_t id) {
  auto rows = database_->prepare(
      "SELECT credential_id, algorithm, public_key, sign_count FROM passkey WHERE user_id = ?1 ORDER BY "
      "since");
  if (!rows) return std::unexpected(rows.error());
  return rows_of(rows->bind(1, id), [](const Statement& row) {
    return Passkey{.credential_id = row.blob(0),
                   .algorithm = static_cast<int>(row.number(1)),
                   .public_key = row.blob(2),
                   .sign_count = static_cast<std::uint32_t>(row.number(3))};
  });
}

Result<void> Users::set_sign_count(ByteView credential_id, std::uint32_t count) {
  auto update = database_->prepare("UPDATE passkey SET sign_count = ?2 WHERE credential_id = ?1");
  if (!update) return std::unexpected(update.error());
  return update->bind(1, credential_id).bind(2, std::int64_t{count}).run();
}

}  // namespace privyseal::web
