// privyseal-practice-ca: a stand-in for the Egress/MoJ CA on loopback, for practice and trials.
//
//     privyseal-practice-ca FOLDER HOST PORT PROFILE DOMAIN... [--approve]
//
// FOLDER/password, if it is there, holds "user:password" for enrolment. It prints "port N" when it is
// up, answers FOLDER/requests every half second, and ends with SIGTERM or SIGINT.
#include <signal.h>

#include <charconv>
#include <iostream>
#include <span>

#include "firmware/base/file.h"
#include "tests/peer/practice_ca.h"

using namespace privyseal;
using namespace privyseal::peer;

namespace {

Result<PracticeCaOptions> options_of(std::span<char*> words) {
  PracticeCaOptions options{.folder = words[0], .host = words[1], .profile = words[3]};
  const std::string_view port = words[2];
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), options.port);
  if (error != std::errc() || end != port.data() + port.size())
    return fail(ErrorCode::kInvalid, "the port is no number");
  for (const std::string_view word : words.subspan(4)) {
    if (word == "--approve")
      options.with_approval = true;
    else
      options.domains.emplace_back(word);
  }
  const auto password = read_file(options.folder / "password", 512);
  if (!password && password.error().code != ErrorCode::kNotFound) return std::unexpected(password.error());
  if (password) {
    const std::string line(text_of(*password).substr(0, text_of(*password).find('\n')));
    options.user = line.substr(0, line.find(':'));
    options.password = line.substr(std::min(line.size(), options.user.size() + 1));
  }
  return options;
}

int run(std::span<char*> words, const sigset_t& ends) {
  auto options = options_of(words);
  const auto authority = options ? PracticeCa::open(std::move(*options)) : std::unexpected(options.error());
  if (!authority) {
    std::cerr << "practice CA: " << authority.error().message << '\n';
    return 1;
  }
  std::cout << "port " << (*authority)->port() << std::endl;
  constexpr timespec kHalfASecond{.tv_sec = 0, .tv_nsec = 500'000'000};
  while (::sigtimedwait(&ends, nullptr, &kHalfASecond) < 0)
    if (auto served = (*authority)->serve_folders(); !served)
      std::cerr << "practice CA: " << served.error().message << '\n';
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 6) {
    std::cerr << "usage: privyseal-practice-ca FOLDER HOST PORT PROFILE DOMAIN... [--approve]\n";
    return 2;
  }
  sigset_t ends;
  sigemptyset(&ends);
  sigaddset(&ends, SIGTERM);
  sigaddset(&ends, SIGINT);
  ::pthread_sigmask(SIG_BLOCK, &ends, nullptr);  // before any thread starts
  ::signal(SIGPIPE, SIG_IGN);
  return run(std::span(argv, static_cast<std::size_t>(argc)).subspan(1), ends);
}
