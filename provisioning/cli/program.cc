#include "provisioning/cli/program.h"

#include <algorithm>
#include <format>

#include "provisioning/cli/approvers.h"
#include "provisioning/cli/audit.h"
#include "provisioning/cli/certificates.h"
#include "provisioning/cli/console.h"
#include "provisioning/cli/directory.h"
#include "provisioning/cli/keys.h"
#include "provisioning/cli/ledger.h"
#include "provisioning/cli/line.h"
#include "provisioning/cli/mail.h"
#include "provisioning/cli/metrics.h"
#include "provisioning/cli/pack_command.h"
#include "provisioning/cli/policy.h"
#include "provisioning/cli/status_command.h"
#include "provisioning/cli/text.h"

namespace privyseal::cli {
namespace {

using Kind = Option::Kind;
using Words = std::span<const std::string_view>;

constexpr std::string_view kStatuses = R"(exit status:
  0  done
  1  no, or not done; one sentence says why
  2  the command line is wrong; nothing was done
  3  a daemon does not answer
  4  denied
  5  done, but something wants attention (status: a light is amber or red)
)";

/// Every command has these behind its own.
std::vector<Option> options_of(const Command& command) {
  std::vector<Option> options = command.options;
  options.push_back({.name = "json", .value = "", .help = "the answer for programs", .kind = Kind::kFlag});
  options.push_back({.name = "run",
                     .value = "FOLDER",
                     .help = "where the daemons' sockets are; /run",
                     .kind = Kind::kOptional});
  return options;
}

std::string usage_line(const Command& command) {
  std::string line = command.words;
  for (const std::string& name : command.bare) {
    const auto option = std::ranges::find(command.options, name, &Option::name);
    const bool may_be_left_out = option->kind == Kind::kOptional;
    line += std::format(" {}{}{}", may_be_left_out ? "[" : "", option->value, may_be_left_out ? "]" : "");
  }
  return line;
}

std::string usage() {
  std::string text =
      "usage: privyseal COMMAND [options]\n\nThe appliance at work: what it does, what it holds, what it "
      "proves.\n\n";
  for (const Command& command : all_commands())
    text += std::format("  {:<38} {}\n", usage_line(command), command.summary);
  text +=
      "\nEvery command takes --json (the answer for programs) and --run FOLDER (where the daemons' sockets\n"
      "are; /run). privyseal COMMAND --help shows a command's own options.\n\n";
  return text + std::string(kStatuses);
}

std::string help_of(const Command& command) {
  return std::format("usage: privyseal {} [options]\n\n{}\n\n{}", usage_line(command), command.summary,
                     provisioning::help_of(options_of(command)));
}

bool asks_for_help(std::string_view word) { return word == "help" || word == "--help" || word == "-h"; }

/// How many of `words` are the command's own; 0: they name another command.
std::size_t own_words(const Command& command, Words words) {
  std::size_t count = 0;
  std::string_view rest = command.words;
  while (!rest.empty()) {
    const std::string_view own = rest.substr(0, rest.find(' '));
    if (count == words.size() || words[count] != own) return 0;
    rest.remove_prefix(std::min(rest.size(), own.size() + 1));
    ++count;
  }
  return count;
}

/// Bare words become the options that they stand for.
Result<std::vector<std::string>> with_bare_words_named(const Command& command, Words words) {
  std::vector<std::string> named;
  std::size_t bare = 0;
  while (bare < words.size() && !words[bare].starts_with("-")) {
    if (bare == command.bare.size())
      return fail(ErrorCode::kInvalid, std::format("unexpected word '{}'", words[bare]));
    named.push_back(std::format("--{}={}", command.bare[bare], words[bare]));
    ++bare;
  }
  for (const std::string_view word : words.subspan(bare)) named.emplace_back(word);
  return named;
}

Result<Arguments> arguments_of(const Command& command, Words words) {
  const auto named = with_bare_words_named(command, words);
  if (!named) return std::unexpected(named.error());
  const std::vector<std::string_view> views(named->begin(), named->end());
  return Arguments::parse(views, options_of(command));
}

struct Wrong {
  const Command& command;
  std::ostream& err;

  ExitStatus operator()(const Error& error) const {
    err << std::format("privyseal {}: {}\n{}", command.words, escaped(error.message), help_of(command));
    return ExitStatus::kWrongUsage;
  }
};

ExitStatus tell(const Result<Report>& report, const Command& command, bool as_json, std::ostream& out,
                std::ostream& err) {
  if (report) {
    out << (as_json ? to_text(report->json) + "\n" : report->text);
    return report->status;
  }
  const Error& error = report.error();
  if (as_json)
    out << to_text({{"ok", false}, {"code", to_string(error.code)}, {"message", error.message}}) << '\n';
  err << std::format("privyseal {}: {}\n", command.words, escaped(error.message));
  return exit_status_of(error.code);
}

ExitStatus run_question(const Question& question, const Command& command, const Arguments& arguments,
                        Surroundings& at, std::ostream& out, std::ostream& err) {
  const auto request = question.request(arguments);
  if (!request) return Wrong{command, err}(request.error());
  const auto report = at.appliance.ask(question.daemon, *request).transform([&](JsonObject&& answer) {
    std::string text = question.text(answer);
    return Report{.json = std::move(answer), .text = std::move(text)};
  });
  return tell(report, command, arguments.has("json"), out, err);
}

ExitStatus run_task(const Task& task, const Command& command, const Arguments& arguments, Surroundings& at,
                    std::ostream& out, std::ostream& err) {
  if (const auto checked = task.check(arguments); !checked) return Wrong{command, err}(checked.error());
  return tell(task.run(arguments, at), command, arguments.has("json"), out, err);
}

ExitStatus run_command(const Command& command, Words words, const Clock& clock, std::ostream& out,
                       std::ostream& err) {
  if (std::ranges::any_of(words, asks_for_help)) {
    out << help_of(command);
    return ExitStatus::kOk;
  }
  const auto arguments = arguments_of(command, words);
  if (!arguments) return Wrong{command, err}(arguments.error());
  Appliance appliance(arguments->has("run") ? arguments->text("run") : "/run");
  Surroundings at{.appliance = appliance, .clock = clock, .notes = err};
  if (const auto* question = std::get_if<Question>(&command.what))
    return run_question(*question, command, *arguments, at, out, err);
  return run_task(std::get<Task>(command.what), command, *arguments, at, out, err);
}

/// "privyseal cert": what there is under that noun.
std::string unknown_text(Words words) {
  std::string text;
  for (const Command& command : all_commands())
    if (command.words.starts_with(std::string(words.front()) + " "))
      text += std::format("  privyseal {:<38} {}\n", usage_line(command), command.summary);
  if (!text.empty()) return "privyseal: which one?\n" + text;
  return std::format("privyseal: there is no command '{}'; privyseal --help lists them all\n",
                     escaped(words.front()));
}

}  // namespace

std::vector<Command> all_commands() {
  std::vector<Command> commands{status_command()};
  for (const auto& more :
       {mail_commands(), ledger_commands(), line_commands(), directory_commands(), policy_commands(),
        certificate_commands(), key_commands(), approver_commands(), audit_commands()})
    commands.insert(commands.end(), more.begin(), more.end());
  commands.push_back(pack_command());
  commands.push_back(metrics_command());
  commands.push_back(console_claim_command());
  return commands;
}

ExitStatus run(Words words, const Clock& clock, std::ostream& out, std::ostream& err) {
  if (words.empty()) {
    err << usage();
    return ExitStatus::kWrongUsage;
  }
  if (asks_for_help(words.front())) {
    out << usage();
    return ExitStatus::kOk;
  }
  for (const Command& command : all_commands())
    if (const std::size_t own = own_words(command, words); own > 0)
      return run_command(command, words.subspan(own), clock, out, err);
  err << unknown_text(words);
  return ExitStatus::kWrongUsage;
}

}  // namespace privyseal::cli
