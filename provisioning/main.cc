/// privyseal-provision: sets up what keyd is to hold, and shows what it holds.
///
/// Talks to keyd's socket as the user who runs it, with exactly what keyd's policy grants
/// that user; it never sees a private key. It keeps no state and reads no secret but
/// what a command's own file names.
#include <csignal>
#include <iostream>
#include <string_view>
#include <vector>

#include "provisioning/commands.h"

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  const std::vector<std::string_view> words(argv + 1, argv + argc);
  const int status = privyseal::provisioning::run(words, std::cout, std::cerr);
  std::cout.flush();
  return std::cout ? status : privyseal::provisioning::kFailed;
}
