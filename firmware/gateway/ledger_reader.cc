#include "firmware/gateway/ledger_reader.h"

#include <algorithm>
#include <ranges>

#include "firmware/gateway/ledger_row.h"

namespace privyseal::gateway {
namespace {

constexpr std::string_view kSelect =
    "SELECT id, opened_at, closed_at, direction, client_address, sender, recipients, size_bytes, hop, "
    "outcome,"
    " reply, opened_seq, closed_seq,"
    " session_id, tls_version, tls_group, tls_suite, peer_subject, peer_serial, peer_issuer, resumed,"
    " lan_session_id, lan_tls_version, lan_tls_group, lan_tls_suite, lan_peer_subject, lan_peer_serial,"
    " lan_peer_issuer, lan_resumed FROM mail ";
constexpr int kCjsmSession = 13;
constexpr int kLanSession = 21;

// The relay is the hop of mail out; when it is away, or its verdict was not heard, the mail is one of these.
constexpr std::string_view kLastFailure =
    "SELECT coalesce(closed_at, ''), coalesce(reply, '') FROM mail"
    " WHERE direction = 'out' AND outcome IN ('deferred', 'unknown') ORDER BY id DESC LIMIT 1";
constexpr std::string_view kLastDelivered =
    "SELECT coalesce(closed_at, '') FROM mail WHERE direction = 'out' AND outcome = 'delivered'"
    " ORDER BY id DESC LIMIT 1";

std::vector<std::string> lines_in(const std::string& text) {
  std::vector<std::string> lines;
  for (const auto line : std::views::split(text, '\n')) lines.emplace_back(line.begin(), line.end());
  return lines;
}

std::optional<std::int64_t> number_at(const Statement& row, int column) {
  return row.is_null(column) ? std::nullopt : std::optional(row.number(column));
}

std::optional<tls::SessionFacts> session_at(const Statement& row, int first) {
  if (row.is_null(first)) return std::nullopt;
  return tls::SessionFacts{.version = row.text(first + 1),
                           .group = row.text(first + 2),
                           .suite = row.text(first + 3),
                           .resumed = row.number(first + 7) != 0,
                           .peer_subject = row.text(first + 4),
                           .peer_issuer = row.text(first + 6),
                           .peer_serial = row.text(first + 5),
                           .session_id = row.text(first)};
}

MailRow mail_at(const Statement& row) {
  return {.id = row.number(0),
          .opened_at = row.text(1),
          .closed_at = row.text(2),
          .direction = row.text(3),
          .client_address = row.text(4),
          .sender = row.text(5),
          .recipients = lines_in(row.text(6)),
          .size_bytes = number_at(row, 7),
          .cjsm_session = session_at(row, kCjsmSession),
          .lan_session = session_at(row, kLanSession),
          .hop = row.text(8),
          .outcome = row.text(9),
          .reply = row.text(10),
          .opened_seq = number_at(row, 11),
          .closed_seq = number_at(row, 12)};
}

/// Every row that `statement` gives, as `make` makes it.
template <class Make>
auto rows_of(Result<Statement>& statement, Make make) -> Result<std::vector<decltype(make(*statement))>> {
  std::vector<decltype(make(*statement))> rows;
  for (;;) {
    const auto row = statement->step();
    if (!row) return std::unexpected(row.error());
    if (!*row) return rows;
    rows.push_back(make(*statement));
  }
}

/// What LIKE ... ESCAPE '\' finds anywhere in a text.
std::string pattern_of(std::string_view text) {
  std::string pattern = "%";
  for (const char c : text) {
    if (c == '%' || c == '_' || c == '\\') pattern += '\\';
    pattern += c;
  }
  return pattern + "%";
}

/// The first row's texts; empty ones when there is no row.
Result<std::vector<std::string>> first_row(Database& database, std::string_view sql, int columns) {
  auto select = database.prepare(sql);
  if (!select) return std::unexpected(select.error());
  const auto row = select->step();
  if (!row) return std::unexpected(row.error());
  std::vector<std::string> texts(static_cast<std::size_t>(columns));
  for (int i = 0; *row && i < columns; ++i) texts[static_cast<std::size_t>(i)] = select->text(i);
  return texts;
}

}  // namespace

Result<std::string> time_bound(std::string_view text) {
  constexpr std::string_view kShape = "dddd-dd-ddTdd:dd:dd.ddd";
  if (text.ends_with('Z')) text.remove_suffix(1);  // or "…:00Z" would stand behind "…:00.999Z"
  bool fits = text.size() <= kShape.size();
  for (std::size_t i = 0; fits && i < text.size(); ++i)
    fits = kShape[i] == 'd' ? text[i] >= '0' && text[i] <= '9' : text[i] == kShape[i];
  if (!fits) return fail(ErrorCode::kInvalid, "time: must be RFC 3339 in UTC, as \"2026-03-01T09:00:00Z\"");
  return std::string(text);
}

Result<LedgerReader> LedgerReader::open(const std::filesystem::path& file) {
  auto database = Database::open(file, Database::Mode::kReadOnly);
  if (!database) return fail("ledger", database.error());
  return LedgerReader(std::make_unique<Database>(std::move(*database)));
}

Result<std::vector<MailRow>> LedgerReader::find(const MailQuery& query) {
  auto select =
      database_->prepare(std::string(kSelect) +
                         "WHERE (?1 = 0 OR id < ?1) AND opened_at >= ?2 AND (?3 = '' OR opened_at < ?3) AND "
                         "(?4 = '' OR outcome = ?4)"
                         " AND (?5 = '%%' OR sender LIKE ?5 ESCAPE '\\' OR recipients LIKE ?5 ESCAPE '\\'"
                         " OR session_id LIKE ?5 ESCAPE '\\' OR lan_session_id LIKE ?5 ESCAPE '\\')"
                         " ORDER BY id DESC LIMIT ?6");
  if (!select) return std::unexpected(select.error());
  select->bind(1, query.before_id)
      .bind(2, query.from)
      .bind(3, query.to)
      .bind(4, query.outcome)
      .bind(5, pattern_of(query.text))
      .bind(6, query.limit);
  return rows_of(select, mail_at);
}

Result<MailRow> LedgerReader::mail(std::int64_t id) {
  auto select = database_->prepare(std::string(kSelect) + "WHERE id = ?1");
  if (!select) return std::unexpected(select.error());
  select->bind(1, id);
  const auto row = select->step();
  if (!row) return std::unexpected(row.error());
  if (!*row)
    return fail(ErrorCode::kNotFound, "mail " + std::to_string(id) + ": there is none in the ledger");
  return mail_at(*select);
}

Result<std::vector<MinuteCount>> LedgerReader::flow(std::string_view minute) {
  auto select = database_->prepare(
      "SELECT substr(opened_at, 1, 16), outcome, count(*) FROM mail WHERE opened_at >= ?1 GROUP BY 1, 2");
  if (!select) return std::unexpected(select.error());
  select->bind(1, minute);
  return rows_of(select, [](const Statement& row) {
    return MinuteCount{.minute = row.text(0), .outcome = row.text(1), .count = row.number(2)};
  });
}

Result<std::vector<ExtractedRow>> LedgerReader::extract(std::string_view from, std::string_view to,
                                                        std::int64_t after_id, std::int64_t limit) {
  auto select = database_->prepare("SELECT " + row_columns() +
                                   ", id, hex(salt), opened_seq, closed_seq FROM mail"
                                   " WHERE id > ?1 AND opened_at >= ?2 AND (?3 = '' OR opened_at < ?3)"
                                   " ORDER BY id LIMIT ?4");
  if (!select) return std::unexpected(select.error());
  select->bind(1, after_id).bind(2, from).bind(3, to).bind(4, limit);
  const int behind = static_cast<int>(std::ranges::count(row_columns(), ',')) + 1;
  return rows_of(select, [behind](const Statement& row) {
    std::string salt = row.text(behind + 1);
    std::ranges::transform(salt, salt.begin(),
                           [](char c) { return c >= 'A' && c <= 'F' ? static_cast<char>(c + 32) : c; });
    return ExtractedRow{.id = row.number(behind),
                        .salt = std::move(salt),
                        .canonical_row = canonical_row(row),
                        .opened_seq = row.number(behind + 2),
                        .closed_seq = number_at(row, behind + 3)};
  });
}

Result<LedgerTotals> LedgerReader::totals(std::string_view today) {
  LedgerTotals totals;
  const auto span = first_row(
      *database_, "SELECT count(*), coalesce(min(opened_at), ''), coalesce(max(opened_at), '') FROM mail", 3);
  if (!span) return std::unexpected(span.error());
  totals.mails = std::stoll(span->at(0));
  totals.oldest_at = span->at(1);
  totals.last_at = span->at(2);
  auto count =
      database_->prepare("SELECT outcome, count(*) FROM mail WHERE opened_at >= ?1 GROUP BY outcome");
  if (!count) return std::unexpected(count.error());
  count->bind(1, today);
  const auto counts =
      rows_of(count, [](const Statement& row) { return std::pair(row.text(0), row.number(1)); });
  if (!counts) return std::unexpected(counts.error());
  totals.today = {counts->begin(), counts->end()};
  const auto delivered = first_row(*database_, kLastDelivered, 1);
  if (!delivered) return std::unexpected(delivered.error());
  totals.last_delivered_at = delivered->at(0);
  const auto failed = first_row(*database_, kLastFailure, 2);
  if (!failed) return std::unexpected(failed.error());
  totals.last_failure_at = failed->at(0);
  totals.last_failure = failed->at(1);
  return totals;
}

}  // namespace privyseal::gateway
