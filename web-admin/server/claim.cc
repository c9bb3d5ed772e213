#include "web-admin/server/claim.h"

#include "firmware/base/random.h"
#include "web-admin/server/crypto.h"

namespace privyseal::web {
namespace {

constexpr std::string_view kAlphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";  // Crockford: no I, L, O, U
constexpr std::size_t kIdLetters = 4;
constexpr std::size_t kCodeLetters = 20;

constexpr const char* kSchema = R"(
CREATE TABLE IF NOT EXISTS claim (
  id          TEXT PRIMARY KEY,      -- the first group of the code
  secret_hash BLOB NOT NULL,         -- SHA-256 of the whole code
  user_id     INTEGER REFERENCES user (id),
  expires     INTEGER NOT NULL,      -- ms since 1970, UTC
  attempts    INTEGER NOT NULL DEFAULT 0
) STRICT;
)";

std::string random_letters(std::size_t count) {
  std::string letters;
  for (const std::byte byte : random_bytes(count))
    letters += kAlphabet[std::to_integer<std::size_t>(byte) & 31];
  return letters;
}

/// As people type it: any case, with or without hyphens and blanks, O for 0, I and L for 1.
std::string canonical(std::string_view typed) {
  std::string code;
  for (char c : typed) {
    if (c == '-' || c == ' ') continue;
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    if (c == 'O') c = '0';
    if (c == 'I' || c == 'L') c = '1';
    if (!kAlphabet.contains(c) || code.size() == kCodeLetters) return {};
    code += c;
  }
  return code.size() == kCodeLetters ? code : std::string();
}

std::string grouped(std::string_view code) {
  std::string text;
  for (std::size_t i = 0; i < code.size(); ++i) {
    if (i > 0 && i % kIdLetters == 0) text += '-';
    text += code[i];
  }
  return text;
}

std::unexpected<Error> deny() {
  return fail(ErrorCode::kDenied,
              "That code is not right, or it has been used, or it is more than 24 hours old.");
}

}  // namespace

Result<Claims> Claims::open(Database& database) {
  if (auto made = database.execute(kSchema); !made) return fail("claims", made.error());
  return Claims(database);
}

Result<NewClaim> Claims::make(std::optional<std::int64_t> user_id, WallTime now) {
  auto remove = database_->prepare("DELETE FROM claim WHERE user_id IS ?1");
  if (!remove) return std::unexpected(remove.error());
  if (user_id) remove->bind(1, *user_id);
  if (auto removed = remove->run(); !removed) return std::unexpected(removed.error());

  const std::string code = random_letters(kCodeLetters);
  const Digest hash = sha256(bytes_of(code));
  const WallTime expires = now + kClaimLimit;
  auto insert =
      database_->prepare("INSERT INTO claim (id, secret_hash, user_id, expires) VALUES (?1, ?2, ?3, ?4)");
  if (!insert) return std::unexpected(insert.error());
  insert->bind(1, std::string_view(code).substr(0, kIdLetters)).bind(2, ByteView(hash));
  if (user_id) insert->bind(3, *user_id);
  if (auto added = insert->bind(4, expires.time_since_epoch().count()).run(); !added)
    return std::unexpected(added.error());
  return NewClaim{.code = grouped(code), .expires_at = to_rfc3339(expires)};
}

Result<Claim> Claims::check(std::string_view code, WallTime now) {
  const std::string typed = canonical(code);
  if (typed.empty()) return deny();
  Claim claim{.id = typed.substr(0, kIdLetters), .user_id = {}};
  auto rows = database_->prepare("SELECT secret_hash, user_id, expires, attempts FROM claim WHERE id = ?1");
  if (!rows) return std::unexpected(rows.error());
  const auto found = rows->bind(1, claim.id).step();
  if (!found) return std::unexpected(found.error());
  if (!*found || rows->number(2) <= now.time_since_epoch().count() || rows->number(3) >= kMaxClaimAttempts)
    return deny();
  const Digest hash = sha256(bytes_of(typed));
  const bool is_right = is_same_secret(hash, rows->blob(0));
  if (!rows->is_null(1)) claim.user_id = rows->number(1);
  rows->reset();
  if (is_right) return claim;
  if (auto counted = count_attempt(claim.id); !counted) return std::unexpected(counted.error());
  return deny();
}

Result<void> Claims::count_attempt(std::string_view id) {
  auto update = database_->prepare("UPDATE claim SET attempts = attempts + 1 WHERE id = ?1");
  if (!update) return std::unexpected(update.error());
  return update->bind(1, id).run();
}

Result<bool> Claims::is_open_for_first_officer(WallTime now) {
  auto rows =
      database_->prepare("SELECT id FROM claim WHERE user_id IS NULL AND expires > ?1 AND attempts < ?2");
  if (!rows) return std::unexpected(rows.error());
  return rows->bind(1, now.time_since_epoch().count())
      .bind(2, static_cast<std::int64_t>(kMaxClaimAttempts))
      .step();
}

Result<void> Claims::use(const Claim& claim) {
  auto remove = database_->prepare("DELETE FROM claim WHERE id = ?1");
  if (!remove) return std::unexpected(remove.error());
  if (auto removed = remove->bind(1, claim.id).run(); !removed) return removed;
  if (database_->changes() != 1) return fail(ErrorCode::kNotFound, "claim: it is not open any more");
  return {};
}

Result<void> Claims::void_all_of(std::int64_t user_id) {
  auto remove = database_->prepare("DELETE FROM claim WHERE user_id = ?1");
  if (!remove) return std::unexpected(remove.error());
  return remove->bind(1, user_id).run();
}

}  // namespace privyseal::web
