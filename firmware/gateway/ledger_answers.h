/// The ledger's rows as the door's answers show them: pure.
///
/// Threads: any.
#pragma once

#include <vector>

#include "firmware/base/clock.h"
#include "firmware/base/json.h"
#include "firmware/gateway/ledger_reader.h"
#include "firmware/gateway/settings.h"

namespace privyseal::gateway {

/// For a list: {id, opened_at, direction, sender, recipients, recipient_count, size, marking, verdict,
/// outcome, reply}.
/// Of many recipients only the first ones.
[[nodiscard]] JsonObject summary_of(const MailRow& mail);

/// As many summaries as one answer holds: {mails, more}.
[[nodiscard]] JsonObject list_of(const std::vector<MailRow>& mails, std::size_t asked_for);

/// Everything that is known of one mail: {mail, timeline}.
[[nodiscard]] JsonObject track_of(const MailRow& mail);

/// One element for each of `minutes` minutes from `first` on: {at, delivered, refused, deferred}.
[[nodiscard]] JsonArray flow_of(const std::vector<MinuteCount>& counts, WallTime first, std::int64_t minutes);

/// {partners: [{domain, mails, last_day}], more}: all but our `own` domains and what these are under
/// cjsm.net.
[[nodiscard]] JsonObject partners_of(const std::vector<DomainCount>& domains,
                                     const std::vector<std::string>& own);

/// {cjsm, lan}, each {mails, tls13, hybrid}
[[nodiscard]] JsonObject tls_of(const TlsShares& shares);

/// As many rows as one answer holds: {mails:[{id, salt, row, opened_seq, closed_seq}], more}.
/// kInvalid: the first row alone is too long.
[[nodiscard]] Result<JsonObject> extract_of(const std::vector<ExtractedRow>& rows, std::size_t asked_for);

/// {host, port, last_delivered_at?, last_failure_at?, last_failure?}
[[nodiscard]] JsonObject relay_of(const HostPort& relay, const LedgerTotals& totals);
/// {delivered, refused, deferred, failed}
[[nodiscard]] JsonObject today_of(const LedgerTotals& totals);
/// {mails, oldest_at?, last_at?}
[[nodiscard]] JsonObject ledger_of(const LedgerTotals& totals);

}  // namespace privyseal::gateway
