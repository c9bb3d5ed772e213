#include "ca/store.h"

namespace privyseal::ca {
namespace {

// The trials that were refused stand beside, so that a former version is none the wiser.
constexpr const char* kSchema = R"(
CREATE TABLE IF NOT EXISTS generation(
  identity TEXT NOT NULL, number INTEGER NOT NULL, state TEXT NOT NULL,
  key TEXT NOT NULL UNIQUE, key_made INTEGER NOT NULL, key_retired INTEGER NOT NULL,
  csr TEXT NOT NULL, chain TEXT NOT NULL, judged INTEGER NOT NULL, live INTEGER NOT NULL,
  subject TEXT NOT NULL, issuer TEXT NOT NULL, serial TEXT NOT NULL, fingerprint TEXT NOT NULL,
  not_before INTEGER NOT NULL, not_after INTEGER NOT NULL,
  why TEXT NOT NULL, failures INTEGER NOT NULL, since INTEGER NOT NULL, poll_after INTEGER NOT NULL,
  jitter_permille INTEGER NOT NULL,
  PRIMARY KEY(identity, number)) STRICT;
CREATE UNIQUE INDEX IF NOT EXISTS one_active ON generation(identity) WHERE state = 'active';
CREATE UNIQUE INDEX IF NOT EXISTS one_unfinished ON generation(identity)
  WHERE state IN ('generating', 'requested', 'submitted', 'issued', 'proven');
CREATE TABLE IF NOT EXISTS refused_trials(
  key TEXT PRIMARY KEY, count INTEGER NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS alarm(
  identity TEXT PRIMARY KEY, cause TEXT NOT NULL, critical INTEGER NOT NULL, why TEXT NOT NULL,
  detail TEXT NOT NULL, days_left INTEGER NOT NULL, since INTEGER NOT NULL) STRICT;
)";

constexpr std::string_view kRead =
    "SELECT number, state, key, key_made, key_retired, csr, chain, judged, live, subject, issuer, serial,"
    " fingerprint, not_before, not_after, why, failures, since, poll_after, jitter_permille,"
    " coalesce(count, 0) FROM generation LEFT JOIN refused_trials USING (key)"
    " WHERE identity = ?1 ORDER BY number";

constexpr std::string_view kWrite =
    "INSERT INTO generation VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16,"
    " ?17, ?18, ?19, ?20, ?21) ON CONFLICT(identity, number) DO UPDATE SET state = ?3, key_made = ?5,"
    " key_retired = ?6, csr = ?7, chain = ?8, judged = ?9, live = ?10, subject = ?11, issuer = ?12,"
    " serial = ?13, fingerprint = ?14, not_before = ?15, not_after = ?16, why = ?17, failures = ?18,"
    " since = ?19, poll_after = ?20";

std::int64_t number_of(WallTime time) { return time.time_since_epoch().count(); }
WallTime time_of(std::int64_t number) { return WallTime(std::chrono::milliseconds(number)); }

Result<Generation> read_row(const Statement& row) {
  const auto state = generation_state(row.text(1));
  if (!state) return fail(ErrorCode::kInvalid, "renewd.db: there is no state '" + row.text(1) + "'");
  return Generation{.number = row.number(0),
                    .state = *state,
                    .key = row.text(2),
                    .key_made = row.number(3) != 0,
                    .key_retired = row.number(4) != 0,
                    .csr = row.text(5),
                    .chain = row.text(6),
                    .judged = row.number(7) != 0,
                    .live = row.number(8) != 0,
                    .subject = row.text(9),
                    .issuer = row.text(10),
                    .serial = row.text(11),
                    .fingerprint = row.text(12),
                    .not_before = time_of(row.number(13)),
                    .not_after = time_of(row.number(14)),
                    .why = row.text(15),
                    .failures = row.number(16),
                    .refused_trials = row.number(20),
                    .since = time_of(row.number(17)),
                    .poll_after = time_of(row.number(18)),
                    .jitter_permille = row.number(19)};
}

}  // namespace

Result<std::unique_ptr<Store>> Store::open(const std::filesystem::path& file, std::string origin,
                                           const Clock& clock) {
  auto database = Database::open(file, Database::Mode::kReadWrite);
  if (!database) return std::unexpected(database.error());
  std::unique_ptr<Store> store(new Store(std::move(*database)));
  if (auto made = store->database_.execute(kSchema); !made) return std::unexpected(made.error());
  auto log = audit::Log::open(store->database_, std::move(origin), clock);
  if (!log) return std::unexpected(log.error());
  store->log_.emplace(std::move(*log));
  return store;
}

Result<std::vector<Generation>> Store::generations(std::string_view identity) {
  auto query = database_.prepare(kRead);
  if (!query) return std::unexpected(query.error());
  query->bind(1, identity);
  std::vector<Generation> all;
  for (;;) {
    const auto row = query->step();
    if (!row) return std::unexpected(row.error());
    if (!*row) return all;
    auto generation = read_row(*query);
    if (!generation) return std::unexpected(generation.error());
    all.push_back(std::move(*generation));
  }
}

template <class Change>
Result<void> Store::record_with(const audit::Entry& entry, Change change) {
  return transaction(database_, [&]() -> Result<void> {
    if (auto changed = change(); !changed) return changed;
    return log_->append(entry).transform([](std::uint64_t) {});
  });
}

Result<void> Store::write(std::string_view identity, const Generation& generation) {
  auto statement = database_.prepare(kWrite);
  if (!statement) return std::unexpected(statement.error());
  const auto flag = [](bool value) { return static_cast<std::int64_t>(value); };
  statement->bind(1, identity)
      .bind(2, generation.number)
      .bind(3, to_string(generation.state))
      .bind(4, generation.key)
      .bind(5, flag(generation.key_made))
      .bind(6, flag(generation.key_retired))
      .bind(7, generation.csr)
      .bind(8, generation.chain)
      .bind(9, flag(generation.judged))
      .bind(10, flag(generation.live))
      .bind(11, generation.subject)
      .bind(12, generation.issuer)
      .bind(13, generation.serial)
      .bind(14, generation.fingerprint)
      .bind(15, number_of(generation.not_before))
      .bind(16, number_of(generation.not_after))
      .bind(17, generation.why)
      .bind(18, generation.failures)
      .bind(19, number_of(generation.since))
      .bind(20, number_of(generation.poll_after))
      .bind(21, generation.jitter_permille);
  if (auto written = statement->run(); !written) return written;
  auto trials = database_.prepare("INSERT OR REPLACE INTO refused_trials VALUES(?1, ?2)");
  if (!trials) return std::unexpected(trials.error());
  trials->bind(1, generation.key).bind(2, generation.refused_trials);
  return trials->run();
}

Result<void> Store::record(std::string_view identity, std::span<const Generation> changed,
                           const audit::Entry& entry) {
  return record_with(entry, [&]() -> Result<void> {
    for (const Generation& generation : changed)
      if (auto written = write(identity, generation); !written) return written;
    return {};
  });
}

Result<void> Store::note(const audit::Entry& entry) {
  return record_with(entry, []() -> Result<void> { return {}; });
}

Result<std::optional<StandingAlarm>> Store::alarm(std::string_view identity) {
  auto query = database_.prepare(
      "SELECT cause, critical, why, detail, days_left, since FROM alarm WHERE identity = ?1");
  if (!query) return std::unexpected(query.error());
  query->bind(1, identity);
  const auto row = query->step();
  if (!row) return std::unexpected(row.error());
  if (!*row) return std::nullopt;
  return StandingAlarm{.alarm = {.cause = query->text(0),
                                 .is_critical = query->number(1) != 0,
                                 .why = query->text(2),
                                 .detail = query->text(3),
                                 .days_left = query->number(4)},
                       .since = time_of(query->number(5))};
}

Result<void> Store::record_alarm(std::string_view identity, const std::optional<StandingAlarm>& alarm,
                                 const audit::Entry& entry) {
  return record_with(entry, [&]() -> Result<void> {
    auto statement =
        database_.prepare(alarm ? "INSERT OR REPLACE INTO alarm VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7)"
                                : "DELETE FROM alarm WHERE identity = ?1");
    if (!statement) return std::unexpected(statement.error());
    statement->bind(1, identity);
    if (alarm)
      statement->bind(2, alarm->alarm.cause)
          .bind(3, static_cast<std::int64_t>(alarm->alarm.is_critical))
          .bind(4, alarm->alarm.why)
          .bind(5, alarm->alarm.detail)
          .bind(6, alarm->alarm.days_left)
          .bind(7, number_of(alarm->since));
    return statement->run();
  });
}

}  // namespace privyseal::ca
