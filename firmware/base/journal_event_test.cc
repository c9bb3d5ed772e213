#include "firmware/base/journal_event.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <fstream>
#include <iterator>
#include <set>

#include "firmware/base/unique_fd.h"
#include "tests/support/temp_folder.h"

namespace privyseal {
namespace {

std::string content(const std::filesystem::path& file) {
  std::ifstream in(file);
  return {std::istreambuf_iterator<char>(in), {}};
}

TEST(JournalEvents, HaveEachAnIdOfTheirOwn) {
  std::set<std::string_view> ids;
  for (const JournalEvent& event : kJournalEvents) {
    EXPECT_TRUE(ids.insert(event.id).second) << event.event;
    EXPECT_EQ(event.id.size(), 32U) << event.event;
    EXPECT_EQ(event.id.find_first_not_of("0123456789abcdef"), std::string_view::npos) << event.event;
  }
  EXPECT_EQ(message_id("client-refused"), "");
}

TEST(JournalEvents, AreSaidSomewhereAndStandInTheReadme) {
  const std::filesystem::path source = PRIVYSEAL_SOURCE;
  std::string code;
  for (const char* folder : {"firmware", "hsm", "ca", "web-admin"})
    for (const auto& entry : std::filesystem::recursive_directory_iterator(source / folder))
      if (entry.path().extension() == ".cc") code += content(entry.path());
  const std::string readme = content(source / "firmware/README.md");
  for (const JournalEvent& event : kJournalEvents) {
    EXPECT_NE(code.find("\"" + std::string(event.event) + "\""), std::string::npos) << event.event;
    const std::string row = "| `" + std::string(event.event) + "` | `" + std::string(event.id) + "` |";
    EXPECT_NE(readme.find(row), std::string::npos) << event.event;
  }
}

TEST(JournalEntry, HasTheLevelTheIdAndTheLine) {
  const std::string line = format_event(LogLevel::kNotice, "line-switched", {{"line", "a\nMESSAGE_ID=b"}});
  const std::string entry = journal_entry(LogLevel::kNotice, "line-switched", line);
  EXPECT_TRUE(entry.starts_with("MESSAGE=line-switched line=\"a\\x0aMESSAGE_ID=b\"\nPRIORITY=5\nMESSAGE_ID=" +
                                std::string(message_id("line-switched")) + "\nSYSLOG_IDENTIFIER="))
      << entry;
  EXPECT_EQ(std::ranges::count(entry, '\n'), 4);
}

UniqueFd journal_at(const std::string& path) {
  UniqueFd journal(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), path.size());
  EXPECT_EQ(::bind(journal.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
  return journal;
}

TEST(JournalEntry, IsSentToTheJournalOrNotAtAll) {
  const test::TempFolder folder;
  const std::string path = (folder / "socket").string();
  EXPECT_FALSE(send_to_journal(path, "MESSAGE=x\n"));
  const UniqueFd journal = journal_at(path);
  EXPECT_TRUE(send_to_journal(path, "MESSAGE=x\n"));
  std::array<char, 64> buffer{};
  EXPECT_EQ(::recv(journal.get(), buffer.data(), buffer.size(), MSG_DONTWAIT), 10);
  EXPECT_STREQ(buffer.data(), "MESSAGE=x\n");
  EXPECT_FALSE(send_to_journal(std::string(200, 'x'), "MESSAGE=x\n"));
}

TEST(JournalEntry, IsSentToAJournalThatBeganAnew) {
  const test::TempFolder folder;
  const std::string path = (folder / "socket").string();
  {
    const UniqueFd journal = journal_at(path);
    EXPECT_TRUE(send_to_journal(path, "MESSAGE=x\n"));
  }
  EXPECT_FALSE(send_to_journal(path, "MESSAGE=x\n"));
  std::filesystem::remove(path);
  const UniqueFd journal = journal_at(path);
  EXPECT_TRUE(send_to_journal(path, "MESSAGE=x\n"));
}

TEST(JournalEntry, IsSentThoughNoDescriptorIsLeft) {
  const test::TempFolder folder;
  const std::string path = (folder / "socket").string();
  const UniqueFd journal = journal_at(path);
  EXPECT_TRUE(send_to_journal(path, "MESSAGE=x\n"));
  rlimit usual{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &usual), 0);
  const rlimit none{.rlim_cur = 0, .rlim_max = usual.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
  const bool is_sent = send_to_journal(path, "MESSAGE=x\n");
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &usual), 0);
  EXPECT_TRUE(is_sent);
}

TEST(Journal, IsTheStreamThatSystemdNamed) {
  const test::TempFolder folder;
  struct stat facts{};
  ASSERT_EQ(::fstat(STDERR_FILENO, &facts), 0);
  const std::string mine = std::to_string(facts.st_dev) + ":" + std::to_string(facts.st_ino);
  EXPECT_TRUE(is_journal(mine.c_str(), STDERR_FILENO));
  EXPECT_FALSE(is_journal((mine + "1").c_str(), STDERR_FILENO));
  EXPECT_FALSE(is_journal("", STDERR_FILENO));
  EXPECT_FALSE(is_journal(nullptr, STDERR_FILENO));
}

}  // namespace
}  // namespace privyseal
