#include "provisioning/cli/ledger.h"

#include <filesystem>
#include <format>
#include <limits>

#include "provisioning/cli/growing_file.h"
#include "provisioning/cli/reading.h"
#include "provisioning/cli/table.h"
#include "provisioning/cli/text.h"
#include "provisioning/cli/values.h"
#include "provisioning/evidence/ledger_export.h"

namespace privyseal::cli {
namespace {

using Kind = Option::Kind;
using evidence::DateRange;

constexpr mode_t kEvidence = 0640;  // it names people
constexpr std::int64_t kAnyId = std::numeric_limits<std::int64_t>::max();

const Option kFrom{
    .name = "from", .value = "DATE", .help = "mails of this day and later", .kind = Kind::kOptional};
const Option kTo{.name = "to", .value = "DATE", .help = "mails before this day", .kind = Kind::kOptional};

/// Without --from all there is, without --to until now.
Result<DateRange> range_of(const Arguments& arguments, WallTime now) {
  const auto from = time_option(arguments, "from");
  if (!from) return std::unexpected(from.error());
  const auto to = time_option(arguments, "to");
  if (!to) return std::unexpected(to.error());
  DateRange range{.from = from->value_or(WallTime{}), .to = to->value_or(now)};
  if (range.from >= range.to)
    return fail(ErrorCode::kInvalid, "--from must be before --to, and not later than now");
  return range;
}

Result<void> check_range(const Arguments& arguments) {
  return range_of(arguments, WallTime::max()).transform([](const auto&) {});
}

Result<Report> verify(const Arguments& arguments, Surroundings& at) {
  const auto range = range_of(arguments, at.clock.now());
  if (!range) return std::unexpected(range.error());
  const auto proof = evidence::prove_ledger(at.appliance, *range,
                                            {.mail = [](const JsonObject&) { return Result<void>(); },
                                             .line = [](const std::string&) { return Result<void>(); }});
  if (!proof) return std::unexpected(proof.error());
  const auto& verdict = proof->verdict;
  Report report{.json = {{"ok", verdict.has_value()},
                         {"mails", proof->mails},
                         {"unsigned", proof->unsigned_mails},
                         {"log_entries", proof->log_entries}},
                .text = ""};
  if (!verdict) {
    report.status = ExitStatus::kFailed;
    report.json["why"] = verdict.error().message;
    report.text =
        std::format("NOT SOUND: {}.\nKeep the appliance as it is, and tell your security officer.\n",
                    escaped(verdict.error().message));
    return report;
  }
  report.json["purged"] = verdict->purged;
  report.text =
      std::format("Sound: {} as recorded, each in the log that the audit key signed ({} entries).\n",
                  counted(proof->mails, "mail"), proof->log_entries);
  if (verdict->purged > 0)
    report.text += std::format("{} between them {} purged after six months, which the log says.\n",
                               counted(verdict->purged, "mail"), verdict->purged == 1 ? "was" : "were");
  if (proof->unsigned_mails > 0)
    report.text += std::format("{} not looked at: the log is signed once a minute; ask again then.\n",
                               counted(proof->unsigned_mails, "newer mail"));
  return report;
}

Result<Report> export_rows(const Arguments& arguments, Surroundings& at) {
  const auto range = range_of(arguments, at.clock.now());
  if (!range) return std::unexpected(range.error());
  const std::filesystem::path folder = arguments.text("out");
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) return fail(ErrorCode::kUnavailable, folder.string() + ": " + error.message());
  const auto made = evidence::export_ledger(
      {.appliance = at.appliance, .clock = at.clock, .folder = folder, .say = [](std::string_view) {}},
      *range);
  if (!made) return std::unexpected(made.error());
  JsonArray names;
  for (const auto& [name, content] : *made->files) {
    if (auto written = write_content(content, folder / name, kEvidence); !written)
      return std::unexpected(written.error());
    names.emplace_back(name);
  }
  const evidence::LedgerProof& proof = made->proof;
  Report report{
      .json = {{"ok", proof.verdict.has_value()},
               {"mails", proof.mails},
               {"unsigned", proof.unsigned_mails},
               {"files", std::move(names)}},
      .text = std::format("{} in {}: ledger.csv for a spreadsheet, ledger.jsonl with what proves them.\n"
                          "Anybody can check them: python3 {}/verify_pack.py {}\n",
                          counted(proof.mails, "mail"), folder.string(), folder.string(), folder.string())};
  if (proof.unsigned_mails > 0)
    report.text += std::format("Without {}: the log is signed once a minute.\n",
                               counted(proof.unsigned_mails, "newer mail"));
  if (!proof.verdict) {
    report.status = ExitStatus::kFailed;
    report.text += std::format("NOT SOUND: {}.\n", escaped(proof.verdict.error().message));
  }
  return report;
}

Result<JsonObject> hold_add_request(const Arguments& arguments) {
  JsonObject request{{"op", "hold-add"},
                     {"text", arguments.has("text") ? arguments.text("text") : ""},
                     {"why", arguments.text("why")}};
  for (auto added : {add_time(request, "from", arguments, "from"), add_time(request, "to", arguments, "to")})
    if (!added) return std::unexpected(added.error());
  if (!arguments.has("text") && !arguments.has("from") && !arguments.has("to"))
    return fail(ErrorCode::kInvalid, "say what to hold: an address, a domain, --from, --to");
  return request;
}

Result<JsonObject> hold_list_request(const Arguments&) { return JsonObject{{"op", "hold-list"}}; }

Result<JsonObject> hold_end_request(const Arguments& arguments) {
  JsonObject request{{"op", "hold-end"}, {"why", arguments.text("why")}};
  if (auto added = add_number(request, "id", arguments, "id", kAnyId); !added)
    return std::unexpected(added.error());
  return request;
}

std::string range_text(const JsonObject& hold) {
  const std::string from = shown_time(hold, "from");
  const std::string to = shown_time(hold, "to");
  if (from.empty() && to.empty()) return "all";
  return (from.empty() ? "the first" : from) + " to " + (to.empty() ? "any later" : to);
}

}  // namespace

std::string hold_list_text(const JsonObject& answer) {
  Table table({{"ID", Table::Align::kRight}, "WHOSE MAILS", "OF", "PLACED", "BY", "WHY", "ENDED"});
  for (const JsonObject* hold : objects_at(answer, "holds")) {
    const std::string whose = shown(*hold, "key");
    const std::string ended = shown_time(*hold, "ended_at");
    table.add({shown(*hold, "id"), whose.empty() ? "everybody" : whose, range_text(*hold),
               shown_time(*hold, "placed_at"), shown(*hold, "placed_by"), shown(*hold, "why"),
               ended.empty() ? ""
                             : std::format("{} by {}: {}", ended, shown(*hold, "ended_by"),
                                           shown(*hold, "ended_why"))});
  }
  return table.text("Nothing is on hold: rows go six months after the mail.") +
         "\nTimes are Europe/London.\n";
}

std::string hold_added_text(const JsonObject& answer) {
  return std::format(
      "Hold {} is in force and in the audit log. End it with: privyseal ledger hold end {} --why REASON\n",
      shown(answer, "id"), shown(answer, "id"));
}

std::vector<Command> ledger_commands() {
  const Option why{.name = "why", .value = "REASON", .help = "stands in the audit log"};
  return {
      {.words = "ledger verify",
       .summary = "whether every mail's row is as it was recorded",
       .bare = {},
       .options = {kFrom, kTo},
       .what = Task{check_range, verify}},
      {.words = "ledger export",
       .summary = "mails' rows with what proves them, and as CSV",
       .bare = {},
       .options = {kFrom, kTo, {.name = "out", .value = "FOLDER", .help = "where the files go"}},
       .what = Task{check_range, export_rows}},
      {.words = "ledger hold add",
       .summary = "keeps rows beyond six months",
       .bare = {"text"},
       .options = {{.name = "text",
                    .value = "TEXT",
                    .help = "a sender, a recipient, or a domain",
                    .kind = Kind::kOptional},
                   kFrom,
                   kTo,
                   why},
       .what = Question{Daemon::kGatewayd, hold_add_request, hold_added_text}},
      {.words = "ledger hold list",
       .summary = "what is kept beyond six months, and why",
       .bare = {},
       .options = {},
       .what = Question{Daemon::kGatewayd, hold_list_request, hold_list_text}},
      {.words = "ledger hold end",
       .summary = "lets rows go again",
       .bare = {"id"},
       .options = {{.name = "id", .value = "ID", .help = "as ledger hold list shows it"}, why},
       .what = Question{Daemon::kGatewayd, hold_end_request,
                        [](const JsonObject&) {
                          return std::string("Ended. The rows go when they are six months old.\n");
                        }}},
  };
}

}  // namespace privyseal::cli
