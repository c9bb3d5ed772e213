#include "tests/support/process.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <fstream>
#include <iterator>

namespace privyseal::test {
namespace {

std::string output_file() { return testing::TempDir() + "process_test." + std::to_string(::getpid()); }

std::string content_of(const std::string& file) {
  std::ifstream stream(file);
  return {std::istreambuf_iterator<char>(stream), {}};
}

ProcessOptions shell(const std::string& script, const std::string& output = "/dev/null") {
  return {.program = "/bin/sh", .arguments = {"-c", script}, .environment = {"COLOUR=red"}, .output = output};
}

TEST(ChildProcess, KeepsOutputAndExitStatusAndHasOnlyItsEnvironment) {
  const std::string file = output_file();
  auto child = ChildProcess::start(shell("echo out $COLOUR $HOME; echo err >&2; exit 3", file));
  ASSERT_TRUE(child);
  EXPECT_EQ(child->wait(std::chrono::seconds(10)), 3);
  EXPECT_EQ(content_of(file), "out red\nerr\n");
  ::unlink(file.c_str());
}

TEST(ChildProcess, SaysThatTheProgramIsNotThere) {
  const auto child = ChildProcess::start({.program = "/no/such/program", .arguments = {}, .environment = {}});
  ASSERT_FALSE(child);
  EXPECT_EQ(child.error().code, ErrorCode::kNotFound);
}

TEST(ChildProcess, TellsTheSignalThatEndedIt) {
  auto child = ChildProcess::start(shell("exec sleep 100"));
  ASSERT_TRUE(child);
  EXPECT_TRUE(child->is_running());
  child->signal(SIGTERM);
  EXPECT_EQ(child->wait(std::chrono::seconds(10)), 128 + SIGTERM);
}

TEST(ChildProcess, DoesNotOutliveItsObject) {
  pid_t pid = 0;
  {
    auto child = ChildProcess::start(shell("exec sleep 100"));
    ASSERT_TRUE(child);
    pid = child->pid();
  }
  EXPECT_NE(::kill(pid, 0), 0);
}

TEST(ChildProcess, RunsAsAnotherUserWithoutGroups) {
  if (::getuid() != 0) GTEST_SKIP() << "needs root";
  const std::string file = output_file();
  ProcessOptions options = shell("id -u; id -g; id -G", file);
  options.run_as = Identity{.uid = 962, .gid = 963};
  auto child = ChildProcess::start(options);
  ASSERT_TRUE(child);
  EXPECT_EQ(child->wait(std::chrono::seconds(10)), 0);
  EXPECT_EQ(content_of(file), "962\n963\n963\n");
  ::unlink(file.c_str());
}

}  // namespace
}  // namespace privyseal::test
