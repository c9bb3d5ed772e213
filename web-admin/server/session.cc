#include "web-admin/server/session.h"

#include "firmware/base/base64.h"
#include "firmware/base/random.h"
#include "firmware/base/sha256.h"

namespace privyseal::web {
namespace {

constexpr std::size_t kCookieBytes = 32;

constexpr const char* kSchema = R"(
CREATE TABLE IF NOT EXISTS session (
  user_id    INTEGER PRIMARY KEY REFERENCES user (id),
  token_hash BLOB NOT NULL UNIQUE,   -- SHA-256 of the cookie's value
  source     TEXT NOT NULL,
  begun      INTEGER NOT NULL,       -- ms since 1970, UTC
  seen       INTEGER NOT NULL
) STRICT;
)";

std::int64_t milliseconds(WallTime time) { return time.time_since_epoch().count(); }

template <class Duration>
std::int64_t milliseconds_of(Duration duration) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(duration).count();
}

std::string cookie(std::string_view name, std::string_view value) {
  return std::string(name) + "=" + std::string(value) + "; Path=/; Secure; HttpOnly; SameSite=Strict";
}

}  // namespace

Result<Sessions> Sessions::open(Database& database) {
  if (auto made = database.execute(kSchema); !made) return fail("sessions", made.error());
  return Sessions(database);
}

Result<std::string> Sessions::begin(std::int64_t user_id, std::string_view source, WallTime now) {
  auto insert = database_->prepare(
      "INSERT OR REPLACE INTO session (user_id, token_hash, source, begun, seen) VALUES (?1, ?2, ?3, ?4, "
      "?4)");
  if (!insert) return std::unexpected(insert.error());
  std::string value = new_cookie_value();
  const Digest hash = sha256(bytes_of(value));
  const auto begun =
      insert->bind(1, user_id).bind(2, ByteView(hash)).bind(3, source).bind(4, milliseconds(now)).run();
  if (!begun) return std::unexpected(begun.error());
  return value;
}

Result<std::optional<std::int64_t>> Sessions::use(std::string_view cookie, WallTime now) {
  if (cookie.empty()) return std::optional<std::int64_t>();
  auto rows = database_->prepare("SELECT user_id, begun, seen FROM session WHERE token_hash = ?1");
  if (!rows) return std::unexpected(rows.error());
  const Digest hash = sha256(bytes_of(cookie));
  const auto found = rows->bind(1, ByteView(hash)).step();
  if (!found) return std::unexpected(found.error());
  if (!*found) return std::optional<std::int64_t>();
  const std::int64_t user_id = rows->number(0);
  const std::int64_t since_begun = milliseconds(now) - rows->number(1);
  const std::int64_t since_seen = milliseconds(now) - rows->number(2);
  rows->reset();
  const bool is_over = since_seen < 0 || since_seen >= milliseconds_of(kIdleLimit) ||
                       since_begun >= milliseconds_of(kSessionLimit);
  if (is_over) {
    if (auto ended = end_all_of(user_id); !ended) return std::unexpected(ended.error());
    return std::optional<std::int64_t>();
  }
  auto touch = database_->prepare("UPDATE session SET seen = ?2 WHERE token_hash = ?1");
  if (!touch) return std::unexpected(touch.error());
  if (auto seen = touch->bind(1, ByteView(hash)).bind(2, milliseconds(now)).run(); !seen)
    return std::unexpected(seen.error());
  return user_id;
}

Result<void> Sessions::end_all_of(std::int64_t user_id) {
  auto remove = database_->prepare("DELETE FROM session WHERE user_id = ?1");
  if (!remove) return std::unexpected(remove.error());
  return remove->bind(1, user_id).run();
}

std::string new_cookie_value() { return to_base64url(random_bytes(kCookieBytes)); }

std::string set_cookie(std::string_view name, std::string_view value) { return cookie(name, value); }

std::string forget_cookie(std::string_view name) { return cookie(name, "") + "; Max-Age=0"; }

std::string cookie_value(std::string_view header, std::string_view name) {
  std::string found;
  while (!header.empty()) {
    const auto end = header.find(';');
    std::string_view pair = header.substr(0, end);
    header = end == std::string_view::npos ? std::string_view() : header.substr(end + 1);
    while (pair.starts_with(' ')) pair.remove_prefix(1);
    const auto equals = pair.find('=');
    if (equals == std::string_view::npos || pair.substr(0, equals) != name) continue;
    if (!found.empty()) return {};
    found = pair.substr(equals + 1);
  }
  return found;
}

}  // namespace privyseal::web
