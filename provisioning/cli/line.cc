#include "provisioning/cli/line.h"

#include <format>

#include "provisioning/cli/reading.h"
#include "provisioning/cli/table.h"
#include "provisioning/cli/text.h"

namespace privyseal::cli {
namespace {

using Kind = Option::Kind;

const Option kReason{.name = "reason", .value = "TEXT", .help = "why, for the audit log"};

/// What the mail servers hear meanwhile.
std::string_view meaning_of(std::string_view line) {
  if (line == "active") return "Mail passes.\n";
  if (line == "suspended") return "New mail is told to wait (421), both ways, and is tried again.\n";
  if (line == "terminated") return "Mail is refused for good, both ways. The records stay readable.\n";
  return "";
}

Command switch_command(const std::string& verb, const std::string& line, const std::string& summary) {
  const auto request = [line](const Arguments& arguments) -> Result<JsonObject> {
    return JsonObject{{"op", "line-switch"}, {"line", line}, {"why", arguments.text("reason")}};
  };
  return {.words = "line " + verb,
          .summary = summary,
          .bare = {},
          .options = {kReason},
          .what = Question{Daemon::kGatewayd, request, line_switch_text}};
}

Command terminate_command() {
  Command command = switch_command("terminate", "terminated", "end the connection to CJSM for good");
  command.options.push_back(
      {.name = "for-good", .value = "", .help = "must be given: no command undoes it", .kind = Kind::kFlag});
  auto& question = std::get<Question>(command.what);
  question.request = [usual = question.request](const Arguments& arguments) -> Result<JsonObject> {
    if (!arguments.has("for-good"))
      return fail(ErrorCode::kInvalid, "--for-good is missing: no command undoes a termination");
    return usual(arguments);
  };
  return command;
}

Result<JsonObject> release_request(const Arguments& arguments) {
  return JsonObject{
      {"op", "rate-release"}, {"key", arguments.text("key")}, {"why", arguments.text("reason")}};
}

}  // namespace

std::string line_switch_text(const JsonObject& answer) {
  const std::string line = shown(answer, "line");
  return std::format("The line is {}. {}", line.empty() ? "in an unknown state" : escaped(line),
                     line.empty() ? "\n" : meaning_of(line));
}

std::string line_show_text(const JsonObject& answer) {
  const JsonObject& policy = object_at(answer, "policy");
  std::string text = line_switch_text(policy);
  Fields fields;
  fields.add("terms", shown(policy, "terms"));
  fields.add("rules", shown(policy, "folder"));
  fields.add("not in use", shown(policy, "failure"));
  for (const auto& [name, key] : {std::pair{"maintenance", "maintenance"}, {"next one", "next_maintenance"}})
    if (const JsonObject& window = object_at(policy, key); !window.empty())
      fields.add(name, shown_time(window, "from") + " until " + shown_time(window, "until"));
  const std::string scanner = shown(answer, "scanner");
  fields.add("malware", scanner == "none" ? "scanned at CJSM only" : scanner);
  text += fields.text();
  const auto stopped = objects_at(policy, "stopped");
  if (stopped.empty()) return text;
  Table table({"STOPPED BY A CAP", {"MAILS", Table::Align::kRight}});
  for (const JsonObject* key : stopped) table.add({shown(*key, "key"), shown(*key, "count")});
  return text + "\n" + table.text("") +
         "\nWithin the last hour. One may begin anew: privyseal rate release KEY --reason TEXT\n";
}

std::vector<Command> line_commands() {
  return {
      {.words = "line show",
       .summary = "whether mail passes, by which rules, and what a cap has stopped",
       .bare = {},
       .options = {},
       .what = Question{Daemon::kGatewayd,
                        [](const Arguments&) -> Result<JsonObject> { return JsonObject{{"op", "status"}}; },
                        line_show_text}},
      switch_command("suspend", "suspended", "let all mail wait, both ways"),
      switch_command("resume", "active", "let mail pass again"),
      terminate_command(),
      {.words = "rate release",
       .summary = "let a sender that a cap has stopped begin anew",
       .bare = {"key"},
       .options = {{.name = "key", .value = "KEY", .help = "as line show names it: sender/ADDRESS"}, kReason},
       .what = Question{Daemon::kGatewayd, release_request,
                        [](const JsonObject&) -> std::string { return "Released.\n"; }}},
  };
}

}  // namespace privyseal::cli
