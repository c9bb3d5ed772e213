#include "provisioning/cli/ledger.h"

#include <algorithm>
#include <filesystem>
#include <format>
#include <fstream>
#include <functional>
#include <limits>
#include <map>

#include "firmware/base/file.h"
#include "provisioning/cli/growing_file.h"
#include "provisioning/cli/reading.h"
#include "provisioning/cli/table.h"
#include "provisioning/cli/text.h"
#include "provisioning/cli/values.h"
#include "provisioning/evidence/collect.h"
#include "provisioning/evidence/embedded.h"
#include "provisioning/evidence/ledger_check.h"
#include "provisioning/evidence/pem.h"
#include "provisioning/evidence/signed_log.h"

namespace privyseal::cli {
namespace {

using Kind = Option::Kind;
using evidence::DateRange;
using evidence::LedgerCheck;
using evidence::LedgerExtract;
using evidence::LedgerVerdict;
using evidence::LogCheck;

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

/// What becomes of the rows and of the log's lines while they go by; nothing is held.
struct Takers {
  std::function<Result<void>(const JsonObject& mail)> mail;
  std::function<Result<void>(const std::string& line)> line;
};

struct Proof {
  std::uint64_t mails = 0;
  std::uint64_t unsigned_mails = 0;  ///< the newest ones: no checkpoint covers them yet
  std::uint64_t log_entries = 0;
  std::string note;
  Bytes key;
  Result<LedgerVerdict> verdict;
};

/// The next mail that the first `size` entries vouch for. One whose end is not among them is shown as they
/// have it: open.
Result<std::optional<JsonObject>> next_signed(LedgerExtract& extract, std::uint64_t size, Proof& proof) {
  for (;;) {
    auto mail = extract.next();
    if (!mail || !*mail) return mail;
    JsonObject& found = **mail;
    if (count_at(found, "opened_seq") >= size) {
      ++proof.unsigned_mails;
      continue;
    }
    if (number_at(found, "closed_seq") && count_at(found, "closed_seq") >= size) {
      found["row"] = evidence::as_opened(object_at(found, "row"));
      found["closed_seq"] = nullptr;
    }
    ++proof.mails;
    return mail;
  }
}

/// Reads the log and the ledger side by side, once.
Result<Proof> prove(const DateRange& range, Surroundings& at, const Takers& takers) {
  auto key = at.appliance.audit_key();
  if (!key) return std::unexpected(key.error());
  auto state = at.appliance.audit_state(Daemon::kGatewayd);
  if (!state) return std::unexpected(state.error());
  Proof proof{.note = std::move(state->note), .key = std::move(*key), .verdict = LedgerVerdict{}};
  if (!proof.note.empty()) {
    const auto note = audit::parse_note(proof.note);
    if (!note) return fail(name_of(Daemon::kGatewayd), note.error());
    proof.log_entries = note->checkpoint.size;
  }
  LedgerExtract extract(at.appliance, range);
  LedgerCheck ledger([&]() -> Result<std::optional<JsonObject>> {
    auto mail = next_signed(extract, proof.log_entries, proof);
    if (!mail || !*mail) return mail;
    if (auto taken = takers.mail(**mail); !taken) return std::unexpected(taken.error());
    return mail;
  });
  LogCheck log(Daemon::kGatewayd, proof.note, proof.key);
  const auto read = at.appliance
                        .read_audit_log(Daemon::kGatewayd, proof.log_entries,
                                        [&](const std::string& line) {
                                          log.add(line);
                                          return takers.line(line).and_then([&] { return ledger.add(line); });
                                        })
                        .and_then([&] { return ledger.finish(); });
  if (!read) return std::unexpected(read.error());
  proof.verdict = ledger.verdict();
  if (const auto sound = log.finish(); !sound)
    proof.verdict = fail(ErrorCode::kInvalid, "gatewayd's log: " + sound.error().message);
  return proof;
}

Result<Report> verify(const Arguments& arguments, Surroundings& at) {
  const auto range = range_of(arguments, at.clock.now());
  if (!range) return std::unexpected(range.error());
  const auto proof = prove(*range, at,
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

/// The CSV of the rows in `rows`: its first line names all columns, and only the last row may bring the last
/// one.
Result<void> write_csv(const std::filesystem::path& rows, const LedgerCsv& csv,
                       const std::filesystem::path& to) {
  auto file = GrowingFile::create(to, kEvidence);
  if (!file) return std::unexpected(file.error());
  if (auto added = file->add(csv.heading()); !added) return added;
  std::ifstream from(rows);
  for (std::string line; std::getline(from, line);) {
    const auto mail = parse_json_object(line);
    if (!mail) return fail(rows.string(), mail.error());
    if (auto added = file->add(csv.line(*mail)); !added) return added;
  }
  if (!from.eof()) return fail(ErrorCode::kUnavailable, rows.string() + ": cannot be read");
  return file->finish();
}

/// The files that grow with the ledger, while it goes by; then its CSV.
Result<Proof> write_long_files(const DateRange& range, Surroundings& at,
                               const std::filesystem::path& folder) {
  auto rows = GrowingFile::create(folder / "ledger.jsonl", kEvidence);
  if (!rows) return std::unexpected(rows.error());
  auto log = GrowingFile::create(folder / "gatewayd.jsonl", kEvidence);
  if (!log) return std::unexpected(log.error());
  LedgerCsv csv;
  auto proof = prove(range, at,
                     {.mail =
                          [&](const JsonObject& mail) {
                            csv.look_at(mail);
                            return rows->add(to_text(mail) + "\n");
                          },
                      .line = [&](const std::string& line) { return log->add(line + "\n"); }});
  if (!proof) return proof;
  for (GrowingFile* file : {&*rows, &*log})
    if (auto finished = file->finish(); !finished) return std::unexpected(finished.error());
  if (auto written = write_csv(folder / "ledger.jsonl", csv, folder / "ledger.csv"); !written)
    return std::unexpected(written.error());
  return proof;
}

Result<Report> export_rows(const Arguments& arguments, Surroundings& at) {
  const auto range = range_of(arguments, at.clock.now());
  if (!range) return std::unexpected(range.error());
  const std::filesystem::path folder = arguments.text("out");
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) return fail(ErrorCode::kUnavailable, folder.string() + ": " + error.message());
  const auto proof = write_long_files(*range, at, folder);
  if (!proof) return std::unexpected(proof.error());
  const std::map<std::string, std::string> files{{"audit-key.pem", evidence::public_key_pem(proof->key)},
                                                 {"gatewayd.note", proof->note},
                                                 {"verify_pack.py", std::string(evidence::kVerifyPack)}};
  JsonArray names{"audit-key.pem", "gatewayd.jsonl", "gatewayd.note",
                  "ledger.csv",    "ledger.jsonl",   "verify_pack.py"};
  for (const auto& [name, content] : files)
    if (auto written = replace_file(folder / name, bytes_of(content), kEvidence); !written)
      return std::unexpected(written.error());
  Report report{
      .json = {{"ok", proof->verdict.has_value()},
               {"mails", proof->mails},
               {"unsigned", proof->unsigned_mails},
               {"files", std::move(names)}},
      .text = std::format("{} in {}: ledger.csv for a spreadsheet, ledger.jsonl with what proves them.\n"
                          "Anybody can check them: python3 {}/verify_pack.py {}\n",
                          counted(proof->mails, "mail"), folder.string(), folder.string(), folder.string())};
  if (proof->unsigned_mails > 0)
    report.text += std::format("Without {}: the log is signed once a minute.\n",
                               counted(proof->unsigned_mails, "newer mail"));
  if (!proof->verdict) {
    report.status = ExitStatus::kFailed;
    report.text += std::format("NOT SOUND: {}.\n", escaped(proof->verdict.error().message));
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

std::string csv_cell(std::string text) {
  if (!text.empty() && std::string_view("=+-@\t\r").contains(text.front())) text.insert(0, 1, '\'');
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + "\"";
}

}  // namespace

void LedgerCsv::look_at(const JsonObject& mail) {
  for (const auto& [column, value] : object_at(mail, "row"))
    if (!std::ranges::contains(columns_, std::string_view(column))) columns_.emplace_back(column);
}

std::string LedgerCsv::heading() const {
  std::string text;
  for (const std::string& column : columns_) text += (text.empty() ? "" : ",") + column;
  return text.empty() ? text : text + "\r\n";
}

std::string LedgerCsv::line(const JsonObject& mail) const {
  const JsonObject& row = object_at(mail, "row");
  std::string text;
  for (std::size_t i = 0; i < columns_.size(); ++i)
    text += (i == 0 ? "" : ",") + csv_cell(shown(row, columns_[i]));
  return text + "\r\n";
}

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
