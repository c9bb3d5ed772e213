#include "tests/support/process.h"

#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <utility>

#include "firmware/base/unique_fd.h"

namespace privyseal::test {
namespace {

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

struct Launch {
  const ProcessOptions* options;
  char* const* arguments;
  char* const* environment;
  int input;
  int output;
  int errors;  // gets errno when the program cannot be started
};

/// In the child: only async-signal-safe calls, for the parent may have threads.
[[noreturn]] void become(const Launch& launch) {
  const auto& run_as = launch.options->run_as;
  sigset_t none;
  sigemptyset(&none);
  const bool ready =
      sigprocmask(SIG_SETMASK, &none, nullptr) == 0 && ::dup2(launch.input, STDIN_FILENO) >= 0 &&
      ::dup2(launch.output, STDOUT_FILENO) >= 0 && ::dup2(launch.output, STDERR_FILENO) >= 0 &&
      (!run_as || (::setgroups(0, nullptr) == 0 && ::setresgid(run_as->gid, run_as->gid, run_as->gid) == 0 &&
                   ::setresuid(run_as->uid, run_as->uid, run_as->uid) == 0)) &&
      ::prctl(PR_SET_PDEATHSIG, SIGKILL) == 0;  // after setresuid, which clears it
  if (ready) ::execve(launch.options->program.c_str(), launch.arguments, launch.environment);
  const int error = errno;
  [[maybe_unused]] const ssize_t told = ::write(launch.errors, &error, sizeof(error));
  ::_exit(127);
}

}  // namespace

Result<ChildProcess> ChildProcess::start(const ProcessOptions& options) {
  const UniqueFd output(::open(options.output.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644));
  if (!output) return fail_errno(options.output.string());
  const UniqueFd input(::open(options.input.c_str(), O_RDONLY | O_CLOEXEC));
  if (!input) return fail_errno(options.input.string());
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return fail_errno("pipe");
  const UniqueFd reading(ends[0]);
  UniqueFd writing(ends[1]);
  std::vector<std::string> arguments = options.arguments;
  arguments.insert(arguments.begin(), options.program.string());
  std::vector<std::string> environment = options.environment;
  const auto argument_pointers = pointers_to(arguments);
  const auto environment_pointers = pointers_to(environment);
  const pid_t pid = ::fork();
  if (pid < 0) return fail_errno("fork");
  if (pid == 0)
    become({&options, argument_pointers.data(), environment_pointers.data(), input.get(), output.get(),
            writing.get()});
  ChildProcess child(pid);
  writing.reset();
  int error = 0;
  if (::read(reading.get(), &error, sizeof(error)) == sizeof(error)) {
    errno = error;
    return fail_errno(options.program.string());
  }
  return child;
}

ChildProcess::~ChildProcess() { kill(); }

ChildProcess::ChildProcess(ChildProcess&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)), status_(other.status_) {}

ChildProcess& ChildProcess::operator=(ChildProcess&& other) noexcept {
  if (this != &other) {
    kill();
    pid_ = std::exchange(other.pid_, -1);
    status_ = other.status_;
  }
  return *this;
}

bool ChildProcess::is_running() {
  if (pid_ < 0 || status_) return false;
  int status = 0;
  if (::waitpid(pid_, &status, WNOHANG) == 0) return true;
  status_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return false;
}

void ChildProcess::signal(int number) const {
  if (pid_ > 0 && !status_) ::kill(pid_, number);
}

Result<int> ChildProcess::wait(std::chrono::milliseconds most) {
  if (!wait_until([this] { return !is_running(); }, most))
    return fail(ErrorCode::kTimeout, "process: still runs");
  return status_.value_or(-1);
}

void ChildProcess::kill() {
  if (!is_running()) return;
  signal(SIGKILL);
  // SIGKILL cannot be refused; the wait has no deadline of its own.
  int status = 0;
  while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  status_ = 128 + SIGKILL;
}

}  // namespace privyseal::test
