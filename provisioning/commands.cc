#include "provisioning/commands.h"

#include <algorithm>
#include <format>

#include "provisioning/box/first_keys.h"
#include "provisioning/box/screen.h"
#include "provisioning/box/set_up.h"
#include "provisioning/csr.h"
#include "provisioning/destroy.h"
#include "provisioning/generate.h"
#include "provisioning/health.h"
#include "provisioning/init_token_command.h"
#include "provisioning/list.h"
#include "provisioning/uses.h"

namespace privyseal::provisioning {
namespace {

constexpr std::string_view kProgram = "privyseal-provision";

std::string usage(const std::vector<Command>& commands) {
  std::string text = std::format("usage: {} COMMAND [options]\n\n", kProgram);
  for (const Command& command : commands)
    text += std::format("  {} - {}\n{}\n", command.name, command.summary, help_of(command.options));
  return text + "exit status: 0 done, 1 failed, 2 wrong usage\n";
}

bool asks_for_help(std::string_view word) { return word == "help" || word == "--help" || word == "-h"; }

}  // namespace

std::vector<Command> all_commands() {
  return {init_token_command(), generate_command(),        csr_command(),    list_command(),
          uses_command(),       health_command(),          set_up_command(), first_keys_command(),
          screen_command(),     destroy_request_command(), destroy_command()};
}

int run(std::span<const std::string_view> words, std::ostream& out, std::ostream& err) {
  const auto commands = all_commands();
  if (words.empty()) {
    err << usage(commands);
    return kWrongUsage;
  }
  if (asks_for_help(words.front())) {
    out << usage(commands);
    return kDone;
  }
  const auto command = std::ranges::find(commands, words.front(), &Command::name);
  if (command == commands.end()) {
    err << std::format("{}: no such command: {}; try {} --help\n", kProgram, words.front(), kProgram);
    return kWrongUsage;
  }
  const auto arguments = Arguments::parse(words.subspan(1), command->options);
  if (!arguments) {
    err << std::format("{} {}: {}\n{}", kProgram, command->name, arguments.error().message,
                       help_of(command->options));
    return kWrongUsage;
  }
  if (const auto done = command->run(*arguments, out); !done) {
    err << std::format("{} {}: {} ({})\n", kProgram, command->name, done.error().message,
                       to_string(done.error().code));
    return kFailed;
  }
  return kDone;
}

}  // namespace privyseal::provisioning
