#include "web-admin/pages/ledger.h"

#include <format>

#include "provisioning/evidence/text.h"
#include "web-admin/pages/take_out.h"
#include "web-admin/server/ledger_exporter.h"

namespace privyseal::web {
namespace {

using evidence::DateRange;
using evidence::LedgerExport;

constexpr std::string_view kTitle = "Take out the mail ledger";
constexpr std::string_view kKind = "ledger";
constexpr std::chrono::days kMostDays{366};  // a year of records on hold, at a time

/// kInvalid: in words for whoever sent it.
Result<DateRange> range_in(const Fields& form, WallTime now) {
  auto range = days_in(form);
  if (!range) return range;
  if (range->from > now) return fail(ErrorCode::kInvalid, "The first day is still to come.");
  if (range->to - range->from > kMostDays)
    return fail(
        ErrorCode::kInvalid,
        std::format("That is more than {} days. Take them out one after the other.", kMostDays.count()));
  return range;
}

Html order_form(const Visit& visit) {
  return join(
      heading("Choose the days"),
      paragraph("You get a CSV for a spreadsheet, and with it the gateway's signed audit log, which proves "
                "each row. It names people: give it to nobody who need not know them. The audit log says who "
                "had it made and who downloaded it."),
      form(visit, "/ledger", join(day_inputs(visit), button("Take out these days"))));
}

Html faults_of(const LedgerExport& made) {
  if (made.proof.verdict) return {};
  return problem("The ledger is not sound",
                 {evidence::escaped(made.proof.verdict.error().message) +
                  ". Keep the appliance as it is, and tell your security officer."});
}

Html gaps_of(const LedgerExport& made) {
  Html html;
  if (made.proof.mails == 0) html += inset("No mail of these days is on record.");
  if (made.proof.unsigned_mails > 0)
    html += warning(std::format("Without {}: the log is signed once a minute. Take the days out again then.",
                                evidence::counted(made.proof.unsigned_mails, "newer mail")));
  if (made.proof.verdict && made.proof.verdict->purged > 0)
    html += inset(std::format("Between them, {} went after six months. The log says so.",
                              evidence::counted(made.proof.verdict->purged, "mail")));
  return html;
}

Html ready(const LedgerExport& made, const Actor& who) {
  return join(heading("The last one"), faults_of(made), gaps_of(made),
              summary({{"Days", text_of(made.range)},
                       {"Made", friendly_time(to_rfc3339(made.made_at)) + " for " + who.name},
                       {"Mails", std::to_string(made.proof.mails)},
                       size_row(made.files, kKind),
                       {"Rows (SHA-256)", code_text("rows-hash", made.rows_hash())},
                       audit_key_row(made.proof.key)}),
              paragraph(link("/ledger/" + made.rows_hash(), "Download the ledger")),
              paragraph("It is kept for an hour, or until another is made. Unpack it: ledger.csv is for a "
                        "spreadsheet. Whoever wants to check it runs verify_pack.py in it, with Python and "
                        "OpenSSL alone. Give them the audit key in another way, by telephone perhaps: it "
                        "must be the one that verify_pack.py prints."));
}

Html last_one(const LedgerExporter::State& state) {
  if (!state.order) return {};
  if (state.made) return ready(*state.made, state.order->who);
  if (state.failure) return problem("The ledger was not taken out", {state.failure->message});
  return inset("The mails of " + text_of(state.order->range) + " are being taken out for " +
               state.order->who.name +
               ". That takes a moment, and longer on a busy appliance. Load this page again to see them.");
}

Response ledger_page_with(Visit& visit, const Html& above, Status code) {
  return page(visit, Place::kMail, kTitle,
              join(above, last_one(visit.at.ledger_exporter.state()), order_form(visit),
                   paragraph(link("/mail", "Back to all messages"))),
              code);
}

Response refused(Visit& visit, const std::string& reason, Status code = 422) {
  return ledger_page_with(visit, problem("Nothing is taken out", {reason}), code);
}

/// For the audit log.
std::string account_of(const LedgerExport& made) {
  const auto& verdict = made.proof.verdict;
  return std::format("{}, rows {}{}", evidence::counted(made.proof.mails, "mail"), made.rows_hash(),
                     verdict ? "" : ", not sound: " + evidence::escaped(verdict.error().message));
}

}  // namespace

Response ledger_page(Visit& visit) { return ledger_page_with(visit, {}, 200); }

Response ledger_export(Visit& visit) {
  const auto range = range_in(visit.form, visit.at.clock.now());
  if (!range) return refused(visit, range.error().message);
  const auto ordered = have_made(
      visit, visit.at.ledger_exporter, {.action = "ledger-export-make", .object = object_of(kKind, *range)},
      [&]() -> Result<LedgerOrder> { return LedgerOrder{.range = *range, .who = visit.actor()}; },
      [](const LedgerExporter::Made& made) { return account_of(*made); });
  if (!ordered) return refused(visit, "It was not begun: " + ordered.error().message + ".", 503);
  return redirect_to("/ledger");
}

Response ledger_file(Visit& visit) {
  const LedgerExporter::State state = visit.at.ledger_exporter.state();
  if (!state.made || state.made->rows_hash() != visit.segments[0])
    return apology(visit, 404, "Page not found", "That is no longer here. Please have it taken out again.");
  const LedgerExport& made = *state.made;
  if (auto noted = visit.at.journal.note(visit.actor(), {.action = "ledger-export-download",
                                                         .object = object_of(kKind, made.range),
                                                         .why = account_of(made)});
      !noted)
    return refused(visit, "It could not be written to the audit log.", 503);
  return archive_of(made.files, kKind, made.range);
}

}  // namespace privyseal::web
