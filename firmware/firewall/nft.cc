#include "firmware/firewall/nft.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>

#include "firmware/base/json.h"
#include "firmware/base/sha256.h"
#include "firmware/base/unique_fd.h"

namespace privyseal::firewall {
namespace {

using namespace std::chrono_literals;
using SteadyTime = std::chrono::steady_clock::time_point;

constexpr auto kWithin = 10s;  // gatewayd's patience is 45 s (firewall_watch.h)
constexpr std::size_t kMostBytes = 256UL << 10;
constexpr std::string_view kCounter = "dropped";

/// With our end of its output; its errors go where ours go.
Result<pid_t> start(const std::string& program, std::vector<std::string>& arguments, int output) {
  std::vector<char*> argv;
  argv.reserve(arguments.size() + 1);
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  std::string locale = "LC_ALL=C";
  std::array<char*, 2> environment{locale.data(), nullptr};
  posix_spawn_file_actions_t files;
  posix_spawnattr_t attributes;
  sigset_t none;
  sigset_t pipe;
  sigemptyset(&none);
  sigemptyset(&pipe);
  sigaddset(&pipe, SIGPIPE);
  ::posix_spawn_file_actions_init(&files);
  ::posix_spawnattr_init(&attributes);
  ::posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_adddup2(&files, output, STDOUT_FILENO);
  ::posix_spawnattr_setsigmask(&attributes, &none);  // ours blocks SIGTERM
  ::posix_spawnattr_setsigdefault(&attributes, &pipe);
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  pid_t child = -1;
  const int failed =
      ::posix_spawn(&child, program.c_str(), &files, &attributes, argv.data(), environment.data());
  ::posix_spawnattr_destroy(&attributes);
  ::posix_spawn_file_actions_destroy(&files);
  if (failed == 0) return child;
  errno = failed;
  return fail_errno(program);
}

/// To the end of its output.
Result<std::string> read_all(int fd, SteadyTime until) {
  std::string text;
  std::array<char, 4096> block{};
  for (;;) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(until - std::chrono::steady_clock::now()).count();
    pollfd entry{.fd = fd, .events = POLLIN, .revents = 0};
    const int ready = left > 0 ? ::poll(&entry, 1, static_cast<int>(left)) : 0;
    if (ready == 0) return fail(ErrorCode::kTimeout, "nft: does not end");
    if (ready < 0 && errno == EINTR) continue;
    const ssize_t got = ::read(fd, block.data(), block.size());
    if (got < 0) return fail_errno("nft: its output");
    if (got == 0) return text;
    text.append(block.data(), static_cast<std::size_t>(got));
    if (text.size() > kMostBytes) return fail(ErrorCode::kUnavailable, "nft: says too much");
  }
}

}  // namespace

Result<std::string> Nft::run(std::vector<std::string> arguments) const {
  arguments.insert(arguments.begin(), program_.string());
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return fail_errno("pipe");
  const UniqueFd output(ends[0]);
  UniqueFd input(ends[1]);
  const auto child = start(program_.string(), arguments, input.get());
  if (!child) return std::unexpected(child.error());
  input.reset();
  auto text = read_all(output.get(), std::chrono::steady_clock::now() + kWithin);
  if (!text) ::kill(*child, SIGKILL);
  int status = 0;
  while (::waitpid(*child, &status, 0) < 0 && errno == EINTR) {
  }
  if (text && (!WIFEXITED(status) || WEXITSTATUS(status) != 0))
    return fail(ErrorCode::kUnavailable, "nft: failed");
  return text;
}

Result<std::string> Nft::rules() const {
  return run({"--stateless", "--numeric", "list", "ruleset"}).transform([](const std::string& text) {
    return to_hex(sha256(bytes_of(text)));
  });
}

Result<void> Nft::load(const std::filesystem::path& file) const {
  return run({"--file", file.string()}).transform([](const std::string&) {});
}

std::optional<std::uint64_t> Nft::dropped() const {
  const auto text = run({"--json", "list", "counter", "inet", "privyseal", std::string(kCounter)});
  return text ? dropped_packets(*text) : std::nullopt;
}

std::optional<std::uint64_t> dropped_packets(std::string_view json) {
  const auto answer = parse_json_object(json);
  const JsonArray* parts = answer ? json_array(*answer, "nftables") : nullptr;
  if (parts == nullptr) return std::nullopt;
  for (const Json& part : *parts) {
    const JsonObject* counter = part.is_object() ? json_object(part.get_object(), "counter") : nullptr;
    if (counter == nullptr || json_text(*counter, "name").value_or("") != kCounter) continue;
    const auto packets = json_number(*counter, "packets");
    if (!packets || *packets < 0) return std::nullopt;
    return static_cast<std::uint64_t>(*packets);
  }
  return std::nullopt;
}

}  // namespace privyseal::firewall
