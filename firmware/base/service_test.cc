#include "firmware/base/service.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <cstdlib>
#include <string>

namespace privyseal {
namespace {

constexpr int kNone = 1;
constexpr int kOne = 2;
constexpr int kRefused = 3;

/// What inherited_socket says in a process of its own that gets `fd` as its first one from systemd.
int inherited(int fd, const std::string& count, bool is_for_this_process) {
  const pid_t child = ::fork();
  if (child == 0) {
    ::dup2(fd, 3);
    ::setenv("LISTEN_PID", std::to_string(is_for_this_process ? ::getpid() : 1).c_str(), 1);
    ::setenv("LISTEN_FDS", count.c_str(), 1);
    const auto socket = inherited_socket();
    ::_exit(!socket ? kRefused : *socket ? kOne : kNone);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WEXITSTATUS(status);
}

TEST(InheritedSocket, IsTheOneThatSystemdOpened) {
  const UniqueFd socket(::socket(AF_INET, SOCK_STREAM, 0));
  EXPECT_EQ(inherited(socket.get(), "1", true), kRefused) << "it does not listen yet";
  ASSERT_EQ(::listen(socket.get(), 1), 0);
  EXPECT_EQ(inherited(socket.get(), "1", true), kOne);
  EXPECT_EQ(inherited(socket.get(), "2", true), kRefused);
  EXPECT_EQ(inherited(socket.get(), "1", false), kNone);
}

TEST(InheritedSocket, IsNotAFile) {
  const UniqueFd file(::open("/dev/null", O_RDONLY));
  EXPECT_EQ(inherited(file.get(), "1", true), kRefused);
}

}  // namespace
}  // namespace privyseal
