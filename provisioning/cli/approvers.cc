#include "provisioning/cli/approvers.h"

#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <format>
#include <set>

#include "firmware/base/file.h"
#include "hsm/approvers.h"
#include "hsm/keyd/approval.h"
#include "provisioning/cli/table.h"
#include "provisioning/cli/text.h"

namespace privyseal::cli {
namespace {

namespace fs = std::filesystem;
using keyd::Approver;

constexpr mode_t kForAllToRead = 0644;

const Option kKept{.name = "kept",
                   .value = "PATH",
                   .help = "where keyd's settings say that they are; " + std::string(hsm::kApproversFile),
                   .kind = Option::Kind::kOptional};

fs::path kept_at(const Arguments& arguments) {
  return arguments.has("kept") ? fs::path(arguments.text("kept")) : fs::path(hsm::kApproversFile);
}

Result<std::vector<Approver>> approvers_in(const fs::path& file, ByteView content) {
  auto approvers = keyd::parse_approvers(text_of(content));
  if (!approvers) return fail(file.string(), approvers.error());
  return approvers;
}

std::set<std::string> persons_of(const std::vector<Approver>& approvers) {
  std::set<std::string> persons;
  for (const Approver& approver : approvers) persons.insert(approver.person);
  return persons;
}

Report report_on(const std::vector<Approver>& approvers, std::string_view outcome) {
  JsonArray list;
  Table table({"PERSON", "PASSKEY (SHA-256)"});
  for (const Approver& approver : approvers) {
    list.push_back(JsonObject{{"person", approver.person}, {"passkey", approver.fingerprint()}});
    table.add({approver.person, approver.fingerprint()});
  }
  return {
      .json = {{"ok", true}, {"approvers", std::move(list)}},
      .text = table.text("Nobody may approve that a key is destroyed: no key can be.") +
              (approvers.empty() ? "" : "\nA retired key is destroyed when two of these persons approve.\n") +
              std::string(outcome)};
}

Result<Report> show(const Arguments& arguments, Surroundings&) {
  const auto content = read_file(kept_at(arguments), hsm::kMaxApproversBytes);
  if (!content && content.error().code == ErrorCode::kNotFound) return report_on({}, "");
  if (!content) return std::unexpected(content.error());
  const auto approvers = approvers_in(kept_at(arguments), *content);
  if (!approvers) return std::unexpected(approvers.error());
  return report_on(*approvers, "");
}

/// The console's log has it that root changed them; keyd's says at its start who they are. `outcome`: empty
/// before the change, then "ok" or what went wrong.
Result<void> record(Surroundings& at, const std::vector<Approver>& approvers, const std::string& outcome) {
  JsonArray persons;
  for (const std::string& person : persons_of(approvers)) persons.emplace_back(person);
  JsonArray passkeys;
  for (const Approver& approver : approvers) passkeys.emplace_back(approver.fingerprint());
  const auto recorded = at.appliance.ask(Daemon::kAdmind, {{"op", "approvers-set"},
                                                           {"persons", std::move(persons)},
                                                           {"passkeys", std::move(passkeys)},
                                                           {"outcome", outcome}});
  if (!recorded) return std::unexpected(recorded.error());
  return {};
}

Result<void> keep(const fs::path& file, ByteView content) {
  // The image makes the folder; elsewhere it may be missing.
  const fs::path folder = file.parent_path();
  const bool is_new = ::mkdir(folder.c_str(), 0755) == 0;
  if (!is_new && errno != EEXIST) return fail_errno(folder.string());
  if (is_new && ::chmod(folder.c_str(), 0755) != 0) return fail_errno(folder.string());  // whatever the umask
  return replace_file(file, content, kForAllToRead);
}

/// Without systemd, as in practice mode, whoever started keyd starts it anew.
Result<std::string> restart_keyd(bool is_the_appliances) {
  if (!is_the_appliances || !fs::exists("/run/systemd/system"))
    return "keyd obeys them once it is started anew.\n";
  std::string program = "/usr/bin/systemctl";
  std::string verb = "restart";
  std::string unit = "privyseal-keyd.service";
  const std::array<char*, 4> arguments{program.data(), verb.data(), unit.data(), nullptr};
  const std::array<char*, 1> environment{nullptr};
  pid_t child = 0;
  int status = 0;
  if (const int failed =
          ::posix_spawn(&child, program.c_str(), nullptr, nullptr, arguments.data(), environment.data());
      failed != 0 || ::waitpid(child, &status, 0) != child || status != 0)
    return fail(ErrorCode::kUnavailable,
                "they are kept, but keyd does not obey them yet: systemctl restart privyseal-keyd failed");
  return "keyd was started anew and obeys them.\n";
}

Result<Report> set(const Arguments& arguments, Surroundings& at) {
  if (::geteuid() != 0) return fail(ErrorCode::kDenied, "only root says who may approve");
  const fs::path file = arguments.text("file");
  const auto content = read_file(file, hsm::kMaxApproversBytes);
  if (!content) return std::unexpected(content.error());
  const auto approvers = approvers_in(file, *content);
  if (!approvers) return std::unexpected(approvers.error());
  if (auto begun = record(at, *approvers, ""); !begun) return fail("nothing was changed", begun.error());
  const auto kept = keep(kept_at(arguments), *content);
  const auto done = record(at, *approvers, kept ? "ok" : kept.error().message);
  if (!kept) return std::unexpected(kept.error());
  if (!done) at.notes << "that it was done is not recorded: " << escaped(done.error().message) << '\n';
  const auto restarted = restart_keyd(!arguments.has("kept"));
  if (!restarted) return std::unexpected(restarted.error());
  return report_on(*approvers, *restarted);
}

}  // namespace

std::vector<Command> approver_commands() {
  return {{.words = "key approvers show",
           .summary = "who may approve that a retired key is destroyed",
           .bare = {},
           .options = {kKept},
           .what = Task{nothing_to_check, show}},
          {.words = "key approvers set",
           .summary = "name them, two persons at least; root only",
           .bare = {"file"},
           .options = {{.name = "file",
                        .value = "FILE",
                        .help = "a passkey a line, as each person's console shows it"},
                       kKept},
           .what = Task{nothing_to_check, set}}};
}

}  // namespace privyseal::cli
