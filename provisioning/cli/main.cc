/// privyseal: the operator's command line.
///
/// Asks the daemons through their doors, as the user who runs it, for exactly what each daemon grants that
/// user; it keeps no state, loads no key and reads no secret. What keyd obeys is written by `key approvers
/// set` alone, which needs root. Whoever takes it over can do what its user may ask for.
#include <csignal>
#include <iostream>
#include <string_view>
#include <vector>

#include "provisioning/cli/program.h"

int main(int argc, char** argv) {
  using privyseal::cli::ExitStatus;
  std::signal(SIGPIPE, SIG_IGN);
  const std::vector<std::string_view> words(argv + 1, argv + argc);
  const privyseal::SystemClock clock;
  const ExitStatus status = privyseal::cli::run(words, clock, std::cout, std::cerr);
  std::cout.flush();
  return static_cast<int>(std::cout ? status : ExitStatus::kFailed);
}
