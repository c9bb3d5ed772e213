#include "provisioning/cli/audit.h"

#include <algorithm>
#include <format>

#include "provisioning/cli/growing_file.h"
#include "provisioning/cli/reading.h"
#include "provisioning/cli/table.h"
#include "provisioning/cli/text.h"
#include "provisioning/cli/values.h"
#include "provisioning/evidence/manifest.h"
#include "provisioning/evidence/pem.h"
#include "provisioning/evidence/signed_log.h"

namespace privyseal::cli {
namespace {

using Kind = Option::Kind;

constexpr std::int64_t kMostLines = 500;
constexpr std::chrono::minutes kTimeToVerify{2};  // a million entries take seconds
constexpr mode_t kEvidence = 0640;                // it names people

const Option kLog{.name = "log",
                  .value = "keyd|gatewayd|renewd|admind",
                  .help = "only this daemon's",
                  .kind = Kind::kOptional,
                  .choices = {"keyd", "gatewayd", "renewd", "admind"}};

std::vector<Daemon> chosen(const Arguments& arguments) {
  std::vector<Daemon> daemons;
  for (const Daemon daemon : kDaemons)
    if (!arguments.has("log") || arguments.text("log") == name_of(daemon)) daemons.push_back(daemon);
  return daemons;
}

Result<std::vector<JsonObject>> last_entries(Appliance& appliance, Daemon daemon, std::uint64_t count) {
  const auto state = appliance.audit_state(daemon);
  if (!state) return std::unexpected(state.error());
  std::vector<JsonObject> entries;
  std::uint64_t after = state->size - std::min(state->size, count);
  while (after < state->size) {
    const auto lines = appliance.audit_entries(daemon, after, state->size - after);
    if (!lines) return std::unexpected(lines.error());
    if (lines->empty()) break;
    after += lines->size();
    for (const std::string& line : *lines)
      // A line that is no JSON is shown all the same: it is what the log holds.
      entries.push_back(
          {{"log", name_of(daemon)},
           {"entry", parse_json_object(line).value_or(JsonObject{{"why", "not readable: " + line}})}});
  }
  return entries;
}

Result<void> check_lines(const Arguments& arguments) {
  return number_option(arguments, "lines", kMostLines).transform([](const auto&) {});
}

Result<Report> tail(const Arguments& arguments, Surroundings& at) {
  const auto wanted = number_option(arguments, "lines", kMostLines).value_or(std::nullopt).value_or(20);
  const auto count = static_cast<std::uint64_t>(wanted);
  std::vector<JsonObject> all;
  std::string silent;
  for (const Daemon daemon : chosen(arguments)) {
    auto entries = last_entries(at.appliance, daemon, count);
    if (!entries && arguments.has("log")) return std::unexpected(entries.error());
    if (!entries)
      silent += escaped(entries.error().message) + "\n";
    else
      all.insert(all.end(), entries->begin(), entries->end());
  }
  std::ranges::stable_sort(all, {}, [](const JsonObject& o) { return shown(object_at(o, "entry"), "ts"); });
  if (all.size() > count) all.erase(all.begin(), all.end() - static_cast<std::ptrdiff_t>(count));
  Report report{.json = {{"ok", silent.empty()}, {"entries", JsonArray(all.begin(), all.end())}},
                .text = "",
                .status = silent.empty() ? ExitStatus::kOk : ExitStatus::kNoAnswer};
  report.text = audit_tail_text(report.json) + silent;
  return report;
}

/// One log, looked at from outside (its lines, its checkpoint, the signature) and by its own daemon (its
/// database). kFailed's codes mean that it was looked at and is not sound; all others that it could not be
/// looked at.
Result<void> look_at(Appliance& appliance, Daemon daemon, const Result<Bytes>& key, JsonObject& seen) {
  const auto log = evidence::copy_log(appliance, daemon, std::filesystem::temp_directory_path());
  if (!log) return std::unexpected(log.error());
  seen["size"] = log->size_now;
  seen["signed"] = log->lines.size();
  if (!key) return fail(ErrorCode::kUnavailable, "the signature cannot be checked: " + key.error().message);
  if (const auto checked = evidence::check_log(*log, *key); !checked)
    return fail(ErrorCode::kInvalid, checked.error().message);
  if (daemon == Daemon::kKeyd) return {};
  const auto own = appliance.ask(daemon, {{"op", "audit-verify"}}, kTimeToVerify);
  if (!own) return std::unexpected(own.error());
  if (own->contains("first_bad") || !shown(*own, "why").empty())
    return fail(ErrorCode::kInvalid, std::format("{}: {}", name_of(daemon), shown(*own, "why")));
  return {};
}

/// "sound", "not-sound", "unsigned", "unchecked", "no-answer": from best to worst but for the first.
std::string_view verdict_word(const Result<void>& looked, const JsonObject& seen) {
  if (looked) return "sound";
  if (!seen.contains("size")) return "no-answer";
  if (exit_status_of(looked.error().code) != ExitStatus::kFailed) return "unchecked";
  return count_at(seen, "signed") == 0 ? "unsigned" : "not-sound";
}

ExitStatus exit_status_of(const std::vector<std::string>& verdicts) {
  const auto any = [&](std::string_view verdict) { return std::ranges::contains(verdicts, verdict); };
  if (any("not-sound")) return ExitStatus::kFailed;
  if (any("no-answer") || any("unchecked")) return ExitStatus::kNoAnswer;
  return any("unsigned") ? ExitStatus::kWarning : ExitStatus::kOk;
}

Result<Report> verify(const Arguments& arguments, Surroundings& at) {
  const auto key = at.appliance.audit_key();
  JsonArray logs;
  std::vector<std::string> verdicts;
  for (const Daemon daemon : chosen(arguments)) {
    JsonObject seen{{"log", name_of(daemon)}};
    const auto looked = look_at(at.appliance, daemon, key, seen);
    seen["verdict"] = verdict_word(looked, seen);
    if (!looked) seen["why"] = looked.error().message;
    verdicts.push_back(shown(seen, "verdict"));
    logs.push_back(std::move(seen));
  }
  const ExitStatus status = exit_status_of(verdicts);
  Report report{
      .json = {{"ok", status == ExitStatus::kOk}, {"logs", std::move(logs)}}, .text = "", .status = status};
  report.text = audit_verify_text(report.json);
  return report;
}

Result<Report> export_logs(const Arguments& arguments, Surroundings& at) {
  const std::filesystem::path folder = arguments.text("out");
  const auto key = at.appliance.audit_key();
  if (!key) return std::unexpected(key.error());
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) return fail(ErrorCode::kUnavailable, folder.string() + ": " + error.message());
  evidence::PackFiles files;
  files.emplace("audit-key.pem", evidence::public_key_pem(*key));
  for (const Daemon daemon : chosen(arguments)) {
    auto log = evidence::copy_log(at.appliance, daemon, folder);
    if (!log) return std::unexpected(log.error());
    auto lines = evidence::Content::of(std::move(log->lines));
    if (!lines) return std::unexpected(lines.error());
    files.emplace(std::format("{}.jsonl", name_of(daemon)), std::move(*lines));
    files.emplace(std::format("{}.note", name_of(daemon)), std::move(log->note));
  }
  JsonArray names;
  std::string text;
  for (const auto& [name, content] : files) {
    if (auto written = write_content(content, folder / name, kEvidence); !written)
      return std::unexpected(written.error());
    names.emplace_back(name);
    text += (folder / name).string() + "\n";
  }
  return Report{.json = {{"ok", true}, {"files", std::move(names)}}, .text = std::move(text)};
}

}  // namespace

std::string audit_tail_text(const JsonObject& entries) {
  Table table({"WHEN", "LOG", {"NUMBER", Table::Align::kRight}, "WHO", "DID", "TO", "OUTCOME", "WHY"});
  for (const JsonObject* item : objects_at(entries, "entries")) {
    const JsonObject& entry = object_at(*item, "entry");
    table.add({shown_time(entry, "ts"), shown(*item, "log"), shown(entry, "seq"), shown(entry, "actor"),
               shown(entry, "action"), shown(entry, "object"), shown(entry, "outcome"), shown(entry, "why")});
  }
  return table.text("Nothing is recorded yet.") + "\nOldest first. Times are Europe/London.\n";
}

std::string audit_verify_text(const JsonObject& verdicts) {
  Table table({"LOG", {"ENTRIES", Table::Align::kRight}, {"SIGNED", Table::Align::kRight}, "VERDICT", "WHY"});
  for (const JsonObject* log : objects_at(verdicts, "logs")) {
    const std::string verdict = shown(*log, "verdict");
    table.add({shown(*log, "log"), shown(*log, "size"), shown(*log, "signed"),
               verdict == "not-sound" ? "NOT SOUND" : verdict, shown(*log, "why")});
  }
  return table.text("No log was looked at.") +
         "\nSound: every signed entry is as it was signed, by the audit key in the token. Entries behind the "
         "last\n"
         "checkpoint are signed within a minute.\n";
}

std::vector<Command> audit_commands() {
  return {
      {.words = "audit tail",
       .summary = "the last entries of the audit logs",
       .bare = {"log"},
       .options = {kLog, {.name = "lines", .value = "N", .help = "how many; 20", .kind = Kind::kOptional}},
       .what = Task{check_lines, tail}},
      {.words = "audit verify",
       .summary = "whether the audit logs are whole and signed",
       .bare = {"log"},
       .options = {kLog},
       .what = Task{nothing_to_check, verify}},
      {.words = "audit export",
       .summary = "copies of the logs with their checkpoints",
       .bare = {"log"},
       .options = {kLog, {.name = "out", .value = "FOLDER", .help = "where the files go"}},
       .what = Task{nothing_to_check, export_logs}},
  };
}

}  // namespace privyseal::cli
