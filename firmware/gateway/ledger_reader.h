/// Reads the mail ledger beside the one who writes it: finds mails, counts them, takes extracts.
///
/// Why beside: a read-only connection of its own never makes the mail path wait (WAL).
///
/// Threads: one.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "firmware/base/database.h"
#include "firmware/base/result.h"
#include "firmware/gateway/mail_record.h"

namespace privyseal::gateway {

/// A row of the ledger as texts. What is not known is empty.
struct MailRow {
  std::int64_t id = 0;
  std::string opened_at{};
  std::string closed_at{};
  std::string direction{};
  std::string client_address{};
  std::string sender{};
  std::vector<std::string> recipients{};
  std::optional<std::int64_t> size_bytes{};
  std::optional<tls::SessionFacts> cjsm_session{};
  std::optional<tls::SessionFacts> lan_session{};
  std::string hop{};
  std::string outcome{};
  std::string reply{};
  std::optional<std::int64_t> opened_seq{};  ///< the entries of the audit log
  std::optional<std::int64_t> closed_seq{};
  PolicyFacts policy{};
  StageTimes took{};
};

/// All that is given must hold. Times are RFC 3339 in UTC, or the beginning of one: "2026-03-01".
struct MailQuery {
  /// An address, a domain, a Message-ID or the id of a session, or how one of these begins; in any case.
  std::string text{};
  std::string from{};          ///< opened then or later
  std::string to{};            ///< opened before
  std::string outcome{};       ///< as to_string(Outcome)
  std::int64_t before_id = 0;  ///< older than this one; 0: from the newest
  std::int64_t limit = 100;
};

/// How many mails of one minute ("2026-03-01T09:01") had one outcome.
struct MinuteCount {
  std::string minute;
  std::string outcome;
  std::int64_t count;
};

/// How many mails have a domain in their envelope.
struct DomainCount {
  std::string domain;
  std::int64_t mails;
  std::string last_day;  ///< "2026-03-01"
};

/// The TLS of one side's mails.
struct TlsShare {
  std::int64_t mails = 0;   ///< those with a session
  std::int64_t tls13 = 0;   ///< of them, over TLS 1.3
  std::int64_t hybrid = 0;  ///< with X25519MLKEM768
};
struct TlsShares {
  TlsShare cjsm;
  TlsShare lan;
};

/// One row with what proves that it is the row that was recorded (ledger_row.h).
struct ExtractedRow {
  std::int64_t id;
  std::string salt;  ///< hexadecimal
  std::string canonical_row;
  std::int64_t opened_seq;
  std::optional<std::int64_t> closed_seq;
};

struct LedgerTotals {
  std::int64_t mails = 0;
  std::string oldest_at{};
  std::string last_at{};
  std::map<std::string, std::int64_t> today{};  ///< by outcome
  std::string last_delivered_at{};              ///< by the relay
  std::string last_failure_at{};                ///< a mail that the relay did not take for now
  std::string last_failure{};
};

/// A bound for opened_at from outside. kInvalid: it is not the beginning of an RFC 3339 time in UTC.
[[nodiscard]] Result<std::string> time_bound(std::string_view text);

class LedgerReader {
 public:
  /// Of a file whose integrity LedgerStore has checked. kUnavailable: there is no ledger yet.
  [[nodiscard]] static Result<LedgerReader> open(const std::filesystem::path& file);

  /// Newest first.
  [[nodiscard]] Result<std::vector<MailRow>> find(const MailQuery& query);
  /// kNotFound: no such mail.
  [[nodiscard]] Result<MailRow> mail(std::int64_t id);
  /// Since `minute`; minutes without mail are not in it.
  [[nodiscard]] Result<std::vector<MinuteCount>> flow(std::string_view minute);
  /// Since that day, most mails first.
  [[nodiscard]] Result<std::vector<DomainCount>> domains(std::string_view from);
  /// Of the mails since then.
  [[nodiscard]] Result<TlsShares> tls_shares(std::string_view from);
  /// Oldest first, from the row behind `after_id`.
  [[nodiscard]] Result<std::vector<ExtractedRow>> extract(std::string_view from, std::string_view to,
                                                          std::int64_t after_id, std::int64_t limit);
  /// `today`: the day's beginning.
  [[nodiscard]] Result<LedgerTotals> totals(std::string_view today);

  /// For the audit log in the same file.
  [[nodiscard]] Database& database() { return *database_; }

 private:
  struct Words {
    std::string first;
    std::string last;
    [[nodiscard]] bool is_one() const { return first == last; }
    [[nodiscard]] bool has(std::string_view word) const {
      return is_one() ? word == first : word >= first && word < last;
    }
  };
  struct Looked {
    std::vector<MailRow> page;
    bool is_all = false;  ///< no page can have more
  };
  [[nodiscard]] Result<Words> words_of(const std::string& text);
  [[nodiscard]] Result<bool> is_common(const Words& words);
  [[nodiscard]] Result<Looked> look_mail_by_mail(const MailQuery& query, const Words& words);
  [[nodiscard]] Result<std::vector<MailRow>> find_words(const MailQuery& query);

  explicit LedgerReader(std::unique_ptr<Database> database) : database_(std::move(database)) {}

  std::unique_ptr<Database> database_;
};

}  // namespace privyseal::gateway
