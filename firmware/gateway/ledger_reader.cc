#include "firmware/gateway/ledger_reader.h"

#include <algorithm>
#include <array>
#include <limits>

#include "firmware/base/rows.h"
#include "firmware/gateway/ledger_queries.h"
#include "firmware/gateway/ledger_row.h"
#include "firmware/gateway/ledger_schema.h"
#include "firmware/gateway/ledger_words.h"
#include "firmware/gateway/search_keys.h"

namespace privyseal::gateway {
namespace {

constexpr std::string_view kEndOfTime = "9999";
constexpr int kCjsmSession = 13;
constexpr int kLanSession = 23;
constexpr int kPolicy = 33;
constexpr int kTimes = 36;
constexpr int kWords = 40;

// A beginning that so many words have is not gathered from the index, which would read all of them for one
// page, and a word that so many mails have is not asked for together with an outcome, which may be a rare
// one: the newest of the mails that the times and the outcome leave are looked at one by one. Should they
// not fill the page, and not be all, the words are asked after all.
constexpr std::int64_t kManyWords = 20'000;
constexpr std::int64_t kLookedAt = 50'000;

std::optional<std::int64_t> number_at(const Statement& row, int column) {
  return row.is_null(column) ? std::nullopt : std::optional(row.number(column));
}

StageTimes::Time time_at(const Statement& row, int column) {
  return number_at(row, column).transform([](std::int64_t ms) { return std::chrono::milliseconds(ms); });
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
                           .session_id = row.text(first),
                           .signatures = static_cast<std::uint32_t>(row.number(first + 8)),
                           .handshake_took = std::chrono::milliseconds(row.number(first + 9))};
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
          .closed_seq = number_at(row, 12),
          .policy = {.message_id = row.text(kPolicy),
                     .marking = row.text(kPolicy + 1),
                     .verdict = row.text(kPolicy + 2)},
          .took = {.connect = time_at(row, kTimes),
                   .record = time_at(row, kTimes + 1),
                   .body = time_at(row, kTimes + 2),
                   .verdict = time_at(row, kTimes + 3)}};
}

/// What all searches have in common (ledger_queries.h).
Statement& bind_filter(Statement& select, const MailQuery& query) {
  return select.bind(1, query.before_id == 0 ? std::numeric_limits<std::int64_t>::max() : query.before_id)
      .bind(2, query.from)
      .bind(3, query.to.empty() ? kEndOfTime : query.to)
      .bind(4, query.outcome);
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
  auto database = Database::open(file, Database::Mode::kReadOnly, Database::Integrity::kCheckedBefore);
  if (!database) return fail("ledger", database.error());
  return LedgerReader(std::make_unique<Database>(std::move(*database)));
}

/// Where a text is looked for: the first of these that any mail has.
Result<LedgerReader::Words> LedgerReader::words_of(const std::string& text) {
  const std::string key = search_key(text);
  const std::array candidates{Words{key, key}, Words{"@" + key, "@" + key}, Words{key, end_of_prefix(key)},
                              Words{"@" + key, end_of_prefix("@" + key)}};
  auto probe = database_->prepare(queries::kAnyMail);
  if (!probe) return std::unexpected(probe.error());
  for (const Words& words : candidates) {
    const auto row = probe->bind(1, words.first).bind(2, words.last).step();
    if (!row) return std::unexpected(row.error());
    probe->reset();
    if (*row) return words;
  }
  return candidates.front();
}

Result<bool> LedgerReader::is_common(const Words& words) {
  auto probe = database_->prepare(queries::kManyMails);
  if (!probe) return std::unexpected(probe.error());
  return probe->bind(1, words.first).bind(2, words.last).bind(3, kManyWords).step();
}

Result<LedgerReader::Looked> LedgerReader::look_mail_by_mail(const MailQuery& query, const Words& words) {
  auto select = database_->prepare(query.outcome.empty() ? queries::kByTime : queries::kByOutcome);
  if (!select) return std::unexpected(select.error());
  bind_filter(*select, query).bind(5, kLookedAt);
  Looked looked;
  for (std::int64_t i = 0; looked.page.size() < static_cast<std::size_t>(query.limit); ++i) {
    const auto row = select->step();
    if (!row) return std::unexpected(row.error());
    if (!*row) {
      looked.is_all = i < kLookedAt;
      return looked;
    }
    if (std::ranges::any_of(words_at(*select, kWords), [&](const auto& word) { return words.has(word); }))
      looked.page.push_back(mail_at(*select));
  }
  looked.is_all = true;
  return looked;
}

Result<std::vector<MailRow>> LedgerReader::find(const MailQuery& query) {
  if (!search_key(query.text).empty()) return find_words(query);
  auto select = database_->prepare(query.outcome.empty() ? queries::kByTime : queries::kByOutcome);
  if (!select) return std::unexpected(select.error());
  bind_filter(*select, query).bind(5, query.limit);
  return rows_of(*select, mail_at);
}

Result<std::vector<MailRow>> LedgerReader::find_words(const MailQuery& query) {
  const auto words = words_of(query.text);
  if (!words) return std::unexpected(words.error());
  if (!words->is_one() || !query.outcome.empty()) {
    const auto common = is_common(*words);
    if (!common) return std::unexpected(common.error());
    auto looked = *common ? look_mail_by_mail(query, *words) : Looked();
    if (!looked) return std::unexpected(looked.error());
    if (looked->is_all) return std::move(looked->page);
  }
  auto select = database_->prepare(words->is_one() ? queries::kByWord : queries::kByBeginning);
  if (!select) return std::unexpected(select.error());
  bind_filter(*select, query)
      .bind(5, query.limit)
      .bind(6, words->first)
      .bind(7, words->last)
      .bind(8, day_number(query.from))
      .bind(9, query.to.empty() ? day_number(kEndOfTime) : day_number(query.to, '9'));
  return rows_of(*select, mail_at);
}

Result<MailRow> LedgerReader::mail(std::int64_t id) {
  auto select = database_->prepare(queries::kOne);
  if (!select) return std::unexpected(select.error());
  select->bind(1, id);
  const auto row = select->step();
  if (!row) return std::unexpected(row.error());
  if (!*row)
    return fail(ErrorCode::kNotFound, "mail " + std::to_string(id) + ": there is none in the ledger");
  return mail_at(*select);
}

Result<std::vector<MinuteCount>> LedgerReader::flow(std::string_view minute) {
  auto select = database_->prepare(queries::kFlow);
  if (!select) return std::unexpected(select.error());
  select->bind(1, minute);
  return rows_of(*select, [](const Statement& row) {
    return MinuteCount{.minute = row.text(0), .outcome = row.text(1), .count = row.number(2)};
  });
}

Result<std::vector<DomainCount>> LedgerReader::domains(std::string_view from) {
  auto select = database_->prepare(queries::kDomains);
  if (!select) return std::unexpected(select.error());
  select->bind(1, day_number(from));
  return rows_of(*select, [](const Statement& row) {
    std::string day = row.text(2);  // 20260301
    day.insert(6, "-").insert(4, "-");
    return DomainCount{.domain = row.text(0).substr(1), .mails = row.number(1), .last_day = std::move(day)};
  });
}

Result<TlsShares> LedgerReader::tls_shares(std::string_view from) {
  auto select = database_->prepare(queries::kTls);
  if (!select) return std::unexpected(select.error());
  const auto row = select->bind(1, from).step();
  if (!row) return std::unexpected(row.error());
  const auto share = [&](int first) {
    return TlsShare{.mails = select->number(first),
                    .tls13 = select->number(first + 1),
                    .hybrid = select->number(first + 2)};
  };
  return TlsShares{.cjsm = share(0), .lan = share(3)};
}

Result<std::vector<ExtractedRow>> LedgerReader::extract(std::string_view from, std::string_view to,
                                                        std::int64_t after_id, std::int64_t limit) {
  auto select = database_->prepare("SELECT " + row_columns() +
                                   ", id, hex(salt), opened_seq, closed_seq FROM mail"
                                   " WHERE id > ?1 AND opened_at >= ?2 AND (?3 = '' OR opened_at < ?3)"
                                   " ORDER BY id LIMIT ?4");
  if (!select) return std::unexpected(select.error());
  select->bind(1, after_id).bind(2, from).bind(3, to).bind(4, limit);
  const int behind = row_column_count();
  return rows_of(*select, [behind](const Statement& row) {
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
  for (const auto& [sql, into] : {std::pair{queries::kOldest, &totals.oldest_at},
                                  {queries::kNewest, &totals.last_at},
                                  {queries::kLastDelivered, &totals.last_delivered_at}}) {
    auto row = first_row(*database_, sql, 1);
    if (!row) return std::unexpected(row.error());
    *into = std::move(row->at(0));
  }
  const auto mails = first_row(*database_, queries::kCount, 1);
  if (!mails) return std::unexpected(mails.error());
  totals.mails = std::stoll(mails->at(0));
  auto count = database_->prepare(queries::kToday);
  if (!count) return std::unexpected(count.error());
  count->bind(1, today);
  const auto counts =
      rows_of(*count, [](const Statement& row) { return std::pair(row.text(0), row.number(1)); });
  if (!counts) return std::unexpected(counts.error());
  totals.today = {counts->begin(), counts->end()};
  const auto failed = first_row(*database_, queries::kLastFailure, 2);
  if (!failed) return std::unexpected(failed.error());
  totals.last_failure_at = failed->at(0);
  totals.last_failure = failed->at(1);
  return totals;
}

}  // namespace privyseal::gateway
