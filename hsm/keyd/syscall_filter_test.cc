#include "hsm/keyd/syscall_filter.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <future>
#include <string>
#include <thread>

namespace privyseal::keyd {
namespace {

constexpr int kKilled = -1;
constexpr int kNoFilter = 255;

int error_of(long result) { return result < 0 ? errno : 0; }

/// What `act` gives in a process that has the filter: its errno, 0, or kKilled.
int outcome_of(int (*act)()) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(install_syscall_filter() ? act() : kNoFilter);
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  if (WIFSIGNALED(status)) return WTERMSIG(status) == SIGSYS ? kKilled : -WTERMSIG(status);
  return WEXITSTATUS(status);
}

struct Case {
  const char* name;
  int (*act)();
  int outcome;
};

int execute() {
  const char* const arguments[] = {"/bin/true", nullptr};
  return error_of(::execve(arguments[0], const_cast<char* const*>(arguments), nullptr));
}

int map(int protection) {
  const void* mapped = ::mmap(nullptr, 4096, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return mapped == MAP_FAILED ? errno : 0;
}

int make_executable() {
  void* mapped = ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return error_of(::mprotect(mapped, 4096, PROT_READ | PROT_EXEC));
}

int start_thread() {
  int answer = 99;
  std::thread([&] { answer = 0; }).join();
  return answer;
}

const Case kCases[] = {
    {"Program", execute, kKilled},
    {"OtherProcess", [] { return error_of(::syscall(SYS_process_vm_readv, 1, nullptr, 0, nullptr, 0, 0)); },
     kKilled},
    {"IoUring", [] { return error_of(::syscall(SYS_io_uring_setup, 1, nullptr)); }, kKilled},
    {"Namespace", [] { return error_of(::unshare(CLONE_NEWUSER)); }, kKilled},
    {"Bpf", [] { return error_of(::syscall(SYS_bpf, 0, nullptr, 0)); }, kKilled},
    {"Fork", [] { return error_of(::syscall(SYS_fork)); }, kKilled},
#ifndef __SANITIZE_ADDRESS__
    {"CloneOfTheProcess",
     [] { return error_of(::syscall(SYS_clone, SIGCHLD, nullptr, nullptr, nullptr, 0)); }, kKilled},
    {"Trace", [] { return error_of(::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr)); }, kKilled},
#endif
    {"Clone3", [] { return error_of(::syscall(SYS_clone3, nullptr, 0)); }, ENOSYS},
    {"Internet", [] { return error_of(::socket(AF_INET, SOCK_STREAM, 0)); }, EAFNOSUPPORT},
    {"Internet6", [] { return error_of(::socket(AF_INET6, SOCK_DGRAM, 0)); }, EAFNOSUPPORT},
    {"Packets", [] { return error_of(::socket(AF_PACKET, SOCK_RAW, 0)); }, EAFNOSUPPORT},
    {"WritableCode", [] { return map(PROT_READ | PROT_WRITE | PROT_EXEC); }, EACCES},
    {"DataMadeCode", make_executable, EACCES},
    {"Thread", start_thread, 0},
    {"UnixSocket", [] { return error_of(::socket(AF_UNIX, SOCK_SEQPACKET, 0)); }, 0},
    {"File", [] { return error_of(::open("/dev/null", O_RDWR | O_CLOEXEC)); }, 0},
    {"Memory", [] { return map(PROT_READ | PROT_WRITE); }, 0},
};

class SyscallFilter : public testing::TestWithParam<Case> {};

TEST_P(SyscallFilter, DeniesWhatKeydNeverDoes) { EXPECT_EQ(outcome_of(GetParam().act), GetParam().outcome); }

INSTANTIATE_TEST_SUITE_P(, SyscallFilter, testing::ValuesIn(kCases),
                         [](const auto& row) { return std::string(row.param.name); });

TEST(SyscallFilterOfThreads, HoldsForThoseThatWereThereBefore) {
  const pid_t child = ::fork();
  if (child == 0) {
    std::promise<void> installed;
    int error = 0;
    std::thread earlier([&] {
      installed.get_future().wait();
      error = error_of(::socket(AF_INET, SOCK_STREAM, 0));
    });
    const bool done = install_syscall_filter().has_value();
    installed.set_value();
    earlier.join();
    ::_exit(done ? error : kNoFilter);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(WEXITSTATUS(status), EAFNOSUPPORT);
}

}  // namespace
}  // namespace privyseal::keyd
