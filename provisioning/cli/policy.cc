#include "provisioning/cli/policy.h"

#include <algorithm>
#include <format>

#include "firmware/base/base64.h"
#include "firmware/base/file.h"
#include "firmware/base/sha256.h"
#include "provisioning/cli/reading.h"
#include "provisioning/cli/table.h"
#include "provisioning/cli/text.h"

namespace privyseal::cli {
namespace {

constexpr std::size_t kMostBytes = 16UL << 20;  // gatewayd takes no more
constexpr std::size_t kPartBytes = 64UL << 10;  // what one request holds, in base64
constexpr std::chrono::milliseconds kTrial{120'000};

const Option kName{.name = "name", .value = "NAME", .help = "of the file, as policy show names it"};
const Option kFile{.name = "file", .value = "FILE", .help = "the new content; at most 16 MiB"};
const Option kReason{.name = "reason", .value = "TEXT", .help = "why, for the audit log"};

std::string source_of(const JsonObject& file) {
  const std::string from = shown(file, "from");
  return shown(file, "hides_provisioning").empty() ? from : from + ", over provisioning's";
}

/// "12 rows", and of a directory how many have no address.
std::string size_of(const JsonObject& file) {
  if (!number_at(file, "rows")) return counted(count_at(file, "bytes"), "byte");
  const std::uint64_t left_out = count_at(file, "left_out");
  return counted(count_at(file, "rows"), "row") +
         (left_out > 0 ? std::format(", and {} without a sound address", left_out) : "");
}

Result<Report> show(const Arguments&, Surroundings& at) {
  auto answer = at.appliance.ask(Daemon::kGatewayd, {{"op", "policy-show"}});
  if (!answer) return std::unexpected(answer.error());
  Report report{.json = {}, .text = policy_show_text(*answer)};
  if (!shown(*answer, "failure").empty()) report.status = ExitStatus::kWarning;
  report.json = std::move(*answer);
  return report;
}

/// Part by part: one request cannot hold a directory.
Result<void> send(const Appliance& appliance, ByteView content) {
  std::size_t sent = 0;
  do {
    const ByteView part = content.subspan(sent, std::min(kPartBytes, content.size() - sent));
    const auto taken = appliance.ask(Daemon::kGatewayd,
                                     {{"op", "policy-part"}, {"after", sent}, {"content", to_base64(part)}});
    if (!taken) return std::unexpected(taken.error());
    sent += part.size();
  } while (sent < content.size());
  return {};
}

Result<Report> set(const Arguments& arguments, Surroundings& at) {
  const auto content = read_file(arguments.text("file"), kMostBytes);
  if (!content) return fail(ErrorCode::kInvalid, content.error().message);
  if (auto sent = send(at.appliance, *content); !sent) return std::unexpected(sent.error());
  auto answer = at.appliance.ask(Daemon::kGatewayd,
                                 {{"op", "policy-set"},
                                  {"name", arguments.text("name")},
                                  {"sha256", to_hex(sha256(*content))},
                                  {"why", arguments.text("reason")}},
                                 kTrial);
  if (!answer) return std::unexpected(answer.error());
  std::string text = std::format(
      "{} is in use: {}. It stays over restarts and updates; go back with:\n"
      "privyseal policy remove {} --reason TEXT\n",
      escaped(shown(*answer, "name")), size_of(*answer), escaped(shown(*answer, "name")));
  return Report{.json = std::move(*answer), .text = std::move(text)};
}

Result<Report> remove(const Arguments& arguments, Surroundings& at) {
  const std::string& name = arguments.text("name");
  auto answer =
      at.appliance.ask(Daemon::kGatewayd,
                       {{"op", "policy-remove"}, {"name", name}, {"why", arguments.text("reason")}}, kTrial);
  if (!answer) return std::unexpected(answer.error());
  std::string text =
      shown(*answer, "name").empty()
          ? std::format("Removed. Provisioning gave no {}, so there is none in use.\n", escaped(name))
          : std::format("Removed. Provisioning's {} is in use: {}.\n", escaped(name), size_of(*answer));
  return Report{.json = std::move(*answer), .text = std::move(text)};
}

}  // namespace

std::string policy_show_text(const JsonObject& answer) {
  Table table({"FILE", "FROM", {"ROWS", Table::Align::kRight}, "SINCE", "SHA-256"});
  for (const JsonObject* file : objects_at(answer, "files"))
    table.add({shown(*file, "name"), source_of(*file), shown(*file, "rows"), shown_time(*file, "since"),
               shown(*file, "sha256").substr(0, 16)});
  std::string text = table.text("No files: only what the terms forbid to everybody is refused.");
  if (const std::string failure = shown(answer, "failure"); !failure.empty())
    text += std::format("\nNEWER FILES ARE NOT IN USE: {}.\n", escaped(failure));
  return text +
         "\nTimes are Europe/London; --json has the whole hashes. A newer file: privyseal policy set "
         "NAME FILE --reason TEXT\n";
}

std::vector<Command> policy_commands() {
  return {
      {.words = "policy show",
       .summary = "which rules and registers mail is judged by, and where they are from",
       .bare = {},
       .options = {},
       .what = Task{nothing_to_check, show}},
      {.words = "policy set",
       .summary = "bring a newer policy.toml or register; it is in use at once",
       .bare = {"name", "file"},
       .options = {kName, kFile, kReason},
       .what = Task{nothing_to_check, set}},
      {.words = "policy remove",
       .summary = "go back to the file that provisioning gave",
       .bare = {"name"},
       .options = {kName, kReason},
       .what = Task{nothing_to_check, remove}},
  };
}

}  // namespace privyseal::cli
