#include "firmware/gateway/rate_memory.h"

#include <limits>
#include <map>

#include "firmware/base/database.h"
#include "firmware/base/json.h"
#include "firmware/smtp/ascii.h"

namespace privyseal::gateway {
namespace {

constexpr std::chrono::hours kHour{1};
constexpr std::string_view kPermit = "permit/";

struct CountedMail {
  WallTime at;
  std::string sender;
  std::string verdict;
  std::int64_t opened_seq = 0;
};

/// A row that reached its text has the time that recording it took; one that a crash left open has none.
constexpr std::string_view kMails =
    "SELECT unixepoch(opened_at), sender, coalesce(verdict, ''), coalesce(opened_seq, 0) FROM mail"
    " INDEXED BY mail_opened_at WHERE opened_at > ?1 AND opened_at <= ?2 AND direction = 'out'"
    " AND (record_ms IS NOT NULL OR outcome = 'unknown') ORDER BY opened_at";

Result<std::vector<CountedMail>> mails_of(Database& database, WallTime now) {
  auto select = database.prepare(kMails);
  if (!select) return std::unexpected(select.error());
  select->bind(1, to_rfc3339(now - kHour)).bind(2, to_rfc3339(now));
  std::vector<CountedMail> mails;
  for (;;) {
    const auto row = select->step();
    if (!row) return std::unexpected(row.error());
    if (!*row) return mails;
    mails.push_back({.at = WallTime(std::chrono::seconds(select->number(0))),
                     .sender = select->text(1),
                     .verdict = select->text(2),
                     .opened_seq = select->number(3)});
  }
}

/// The entry of the audit log by which each key was released last, from entry `since` on.
Result<std::map<std::string, std::int64_t>> releases_of(Database& database, std::int64_t since) {
  constexpr std::string_view kObject = "rate/";
  auto select = database.prepare(
      "SELECT seq, entry FROM audit_entry WHERE seq >= ?1 AND entry LIKE '%\"rate-release\"%' ORDER BY seq");
  if (!select) return std::unexpected(select.error());
  select->bind(1, since);
  std::map<std::string, std::int64_t> released;
  for (;;) {
    const auto row = select->step();
    if (!row) return std::unexpected(row.error());
    if (!*row) return released;
    const auto entry = parse_json_object(select->text(1));
    if (!entry || json_text(*entry, "action", "").value_or("") != "rate-release") continue;
    const std::string object = json_text(*entry, "object", "").value_or("");
    if (object.starts_with(kObject)) released[object.substr(kObject.size())] = select->number(0);
  }
}

std::vector<std::string> keys_of(const CountedMail& mail, const policy::Options& options) {
  std::vector<std::string> keys;
  for (auto& cap : hourly_caps(options, mail.sender)) keys.push_back(std::move(cap.key));
  // The last words of the verdict: each goes on to the next one, because a reference may have blanks.
  const std::string permit = " " + std::string(kPermit);
  for (std::size_t at = mail.verdict.find(permit); at != std::string::npos;) {
    const std::size_t next = mail.verdict.find(permit, at + permit.size());
    keys.push_back(mail.verdict.substr(at + 1, next == std::string::npos ? next : next - at - 1));
    at = next;
  }
  return keys;
}

}  // namespace

std::vector<policy::RateCap> hourly_caps(const policy::Options& options, std::string_view sender) {
  std::vector<policy::RateCap> caps;
  if (!sender.empty() && options.sender_per_hour > 0)
    caps.push_back({"sender/" + smtp::lower(sender), options.sender_per_hour});
  if (options.organisation_per_hour > 0) caps.push_back({"organisation", options.organisation_per_hour});
  return caps;
}

std::string permit_key(std::string_view reference) { return std::string(kPermit) + std::string(reference); }

Result<std::vector<RateCount>> counted_before(const std::filesystem::path& ledger,
                                              const policy::Options& options, WallTime now) {
  auto database = Database::open(ledger, Database::Mode::kReadOnly, Database::Integrity::kCheckedBefore);
  if (!database) return fail("rates", database.error());
  const auto mails = mails_of(*database, now);
  if (!mails) return fail("rates", mails.error());
  if (mails->empty()) return std::vector<RateCount>{};
  std::int64_t since = std::numeric_limits<std::int64_t>::max();
  for (const CountedMail& mail : *mails) since = std::min(since, mail.opened_seq);
  const auto released = releases_of(*database, since);
  if (!released) return fail("rates", released.error());
  std::vector<RateCount> counts;
  for (const CountedMail& mail : *mails)
    for (const std::string& key : keys_of(mail, options)) {
      const auto release = released->find(key);
      if (release == released->end() || release->second < mail.opened_seq)
        counts.push_back({.key = key, .at = mail.at});
    }
  return counts;
}

}  // namespace privyseal::gateway
