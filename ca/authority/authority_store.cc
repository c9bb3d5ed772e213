#include "ca/authority/authority_store.h"

#include <array>

#include "firmware/base/check.h"

namespace privyseal::authority {
namespace {

constexpr const char* kTables = R"sql(
CREATE TABLE IF NOT EXISTS ca_root (
  id INTEGER PRIMARY KEY CHECK (id = 1), certificate BLOB NOT NULL,
  common_name TEXT NOT NULL, organisation TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS ca_issued (
  id INTEGER PRIMARY KEY AUTOINCREMENT, serial TEXT NOT NULL UNIQUE, profile TEXT NOT NULL,
  subject TEXT NOT NULL, requester TEXT NOT NULL, issued_at INTEGER NOT NULL, not_after INTEGER NOT NULL,
  fingerprint TEXT NOT NULL, certificate BLOB NOT NULL, revoked_at INTEGER, reason INTEGER,
  CHECK ((revoked_at IS NULL) = (reason IS NULL))) STRICT;
CREATE INDEX IF NOT EXISTS ca_revoked ON ca_issued(not_after) WHERE revoked_at IS NOT NULL;
CREATE TABLE IF NOT EXISTS ca_crl (
  number INTEGER PRIMARY KEY, this_update INTEGER NOT NULL, next_update INTEGER NOT NULL,
  revocations INTEGER NOT NULL, pem TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS ca_request (
  digest TEXT PRIMARY KEY, profile TEXT NOT NULL, requester TEXT NOT NULL, names TEXT NOT NULL,
  request BLOB NOT NULL, asked_at INTEGER NOT NULL, serial TEXT REFERENCES ca_issued(serial), why TEXT,
  CHECK (serial IS NULL OR why IS NULL)) STRICT;
)sql";

constexpr std::string_view kIssuedColumns =
    "SELECT id, serial, profile, subject, requester, issued_at, not_after, revoked_at, fingerprint FROM "
    "ca_issued ";

std::int64_t number(WallTime time) { return time.time_since_epoch().count(); }
WallTime time_of(std::int64_t number) { return WallTime(std::chrono::milliseconds(number)); }

IssuedRow issued_row(const Statement& row) {
  return {.id = row.number(0),
          .serial = row.text(1),
          .profile = row.text(2),
          .subject = row.text(3),
          .requester = row.text(4),
          .issued_at = time_of(row.number(5)),
          .not_after = time_of(row.number(6)),
          .revoked_at = row.is_null(7) ? std::nullopt : std::optional(time_of(row.number(7))),
          .fingerprint = row.text(8)};
}

/// Of our own spelling: two lower-case digits an octet.
Bytes serial_bytes(std::string_view hex) {
  const auto digit = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
  Bytes serial;
  for (std::size_t at = 0; at + 1 < hex.size(); at += 2)
    serial.push_back(static_cast<std::byte>(digit(hex[at]) << 4 | digit(hex[at + 1])));
  return serial;
}

/// Every row of a prepared statement, read by `read`.
template <class Read>
auto all_rows(Result<Statement> statement, Read read)
    -> Result<std::vector<std::invoke_result_t<Read, const Statement&>>> {
  if (!statement) return std::unexpected(statement.error());
  std::vector<std::invoke_result_t<Read, const Statement&>> rows;
  while (true) {
    const auto more = statement->step();
    if (!more) return std::unexpected(more.error());
    if (!*more) return rows;
    rows.push_back(read(*statement));
  }
}

/// The first of them, if there is one.
template <class Read>
auto first_row(Result<Statement> statement, Read read)
    -> Result<std::optional<std::invoke_result_t<Read, const Statement&>>> {
  auto rows = all_rows(std::move(statement), read);
  if (!rows) return std::unexpected(rows.error());
  if (rows->empty()) return std::nullopt;
  return std::move(rows->front());
}

/// Prepares and binds, in the order given.
template <class... Values>
Result<Statement> bound(Database& database, std::string_view sql, const Values&... values) {
  auto statement = database.prepare(sql);
  if (!statement) return statement;
  [[maybe_unused]] int parameter = 0;
  (statement->bind(++parameter, values), ...);
  return statement;
}

template <class... Values>
Result<void> run(Database& database, std::string_view sql, const Values&... values) {
  auto statement = bound(database, sql, values...);
  if (!statement) return std::unexpected(statement.error());
  return statement->run();
}

std::string_view text(const std::string& value) { return value; }

}  // namespace

Result<AuthorityStore> AuthorityStore::open(Database& database) {
  if (auto made = database.execute(kTables); !made) return fail("authority", made.error());
  return AuthorityStore(database);
}

Result<std::optional<StoredRoot>> AuthorityStore::root() {
  return first_row(bound(*database_, "SELECT certificate, common_name, organisation FROM ca_root"),
                   [](const Statement& row) { return StoredRoot{row.blob(0), {row.text(1), row.text(2)}}; });
}

Result<void> AuthorityStore::add_root(const StoredRoot& root) {
  return run(*database_, "INSERT INTO ca_root VALUES (1, ?, ?, ?)", ByteView(root.certificate),
             text(root.name.common_name), text(root.name.organisation));
}

Result<void> AuthorityStore::add_issued(const IssuedRow& row, ByteView certificate) {
  return run(*database_,
             "INSERT INTO ca_issued (serial, profile, subject, requester, issued_at, not_after, fingerprint, "
             "certificate) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
             text(row.serial), text(row.profile), text(row.subject), text(row.requester),
             number(row.issued_at), number(row.not_after), text(row.fingerprint), certificate);
}

Result<std::optional<IssuedRow>> AuthorityStore::issued(std::string_view serial) {
  return first_row(bound(*database_, std::string(kIssuedColumns) + "WHERE serial = ?", serial), issued_row);
}

Result<Bytes> AuthorityStore::certificate(std::string_view serial) {
  auto found = first_row(bound(*database_, "SELECT certificate FROM ca_issued WHERE serial = ?", serial),
                         [](const Statement& row) { return row.blob(0); });
  if (!found) return std::unexpected(found.error());
  if (!*found) return fail(ErrorCode::kNotFound, "authority: no certificate has this serial number");
  return std::move(**found);
}

Result<std::vector<IssuedRow>> AuthorityStore::list(std::int64_t after, std::size_t limit) {
  return all_rows(bound(*database_, std::string(kIssuedColumns) + "WHERE id > ? ORDER BY id LIMIT ?", after,
                        static_cast<std::int64_t>(limit)),
                  issued_row);
}

Result<void> AuthorityStore::mark_revoked(std::string_view serial, WallTime at, Revocation reason) {
  return run(*database_,
             "UPDATE ca_issued SET revoked_at = ?, reason = ? WHERE serial = ? AND revoked_at IS NULL",
             number(at), static_cast<std::int64_t>(reason), serial);
}

Result<std::int64_t> AuthorityStore::count_revoked() {
  auto found = first_row(bound(*database_, "SELECT count(*) FROM ca_issued WHERE revoked_at IS NOT NULL"),
                         [](const Statement& row) { return row.number(0); });
  if (!found) return std::unexpected(found.error());
  return found->value_or(0);
}

Result<std::vector<RevokedCertificate>> AuthorityStore::revoked(WallTime not_expired_at) {
  return all_rows(bound(*database_,
                        "SELECT serial, revoked_at, reason FROM ca_issued "
                        "WHERE revoked_at IS NOT NULL AND not_after > ? ORDER BY id",
                        number(not_expired_at)),
                  [](const Statement& row) {
                    return RevokedCertificate{serial_bytes(row.text(0)), time_of(row.number(1)),
                                              static_cast<Revocation>(row.number(2))};
                  });
}

Result<std::optional<StoredCrl>> AuthorityStore::crl() {
  return first_row(bound(*database_,
                         "SELECT number, this_update, next_update, revocations, pem FROM ca_crl "
                         "ORDER BY number DESC LIMIT 1"),
                   [](const Statement& row) {
                     return StoredCrl{static_cast<std::uint64_t>(row.number(0)), time_of(row.number(1)),
                                      time_of(row.number(2)), row.number(3), row.text(4)};
                   });
}

Result<void> AuthorityStore::replace_crl(const StoredCrl& crl) {
  const auto added =
      run(*database_, "INSERT INTO ca_crl VALUES (?, ?, ?, ?, ?)", static_cast<std::int64_t>(crl.number),
          number(crl.this_update), number(crl.next_update), crl.revocations, text(crl.pem));
  if (!added) return added;
  return run(*database_, "DELETE FROM ca_crl WHERE number < ?", static_cast<std::int64_t>(crl.number));
}

Result<void> AuthorityStore::add_request(const PendingRequest& request, ByteView csr) {
  return run(*database_,
             "INSERT INTO ca_request (digest, profile, requester, names, request, asked_at) "
             "VALUES (?, ?, ?, ?, ?, ?)",
             text(request.digest), text(request.profile), text(request.requester), text(request.names), csr,
             number(request.asked_at));
}

Result<std::optional<StoredRequest>> AuthorityStore::request(std::string_view digest) {
  return first_row(
      bound(*database_, "SELECT profile, requester, request, serial, why FROM ca_request WHERE digest = ?",
            digest),
      [](const Statement& row) {
        using enum StoredRequest::State;
        return StoredRequest{.profile = row.text(0),
                             .requester = row.text(1),
                             .csr = row.blob(2),
                             .state = !row.is_null(3)  ? kIssued
                                      : row.is_null(4) ? kWaiting
                                                       : kRefused,
                             .serial = row.text(3),
                             .why = row.text(4)};
      });
}

Result<std::vector<PendingRequest>> AuthorityStore::waiting(std::size_t limit) {
  return all_rows(bound(*database_,
                        "SELECT digest, profile, requester, names, asked_at FROM ca_request "
                        "WHERE serial IS NULL AND why IS NULL ORDER BY asked_at, digest LIMIT ?",
                        static_cast<std::int64_t>(limit)),
                  [](const Statement& row) {
                    return PendingRequest{row.text(0), row.text(1), row.text(2), row.text(3),
                                          time_of(row.number(4))};
                  });
}

Result<void> AuthorityStore::close_request(std::string_view digest, std::string_view serial,
                                           std::string_view why) {
  CHECK(serial.empty() != why.empty());
  const char* sql = why.empty() ? "UPDATE ca_request SET serial = ? WHERE digest = ?"
                                : "UPDATE ca_request SET why = ? WHERE digest = ?";
  return run(*database_, sql, why.empty() ? serial : why, digest);
}

}  // namespace privyseal::authority
