#include "firmware/base/file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "tests/support/other_user.h"
#include "tests/support/temp_folder.h"

namespace privyseal {
namespace {

class File : public testing::Test {
 protected:
  std::filesystem::path make(std::string_view content, mode_t mode) {
    const auto path = folder_ / "file";
    std::ofstream(path) << content;
    EXPECT_EQ(::chmod(path.c_str(), mode), 0);
    return path;
  }

  test::TempFolder folder_;
};

TEST_F(File, IsReadUpToItsLimit) {
  const auto path = make("12345", 0600);
  EXPECT_EQ(text_of(read_file(path, 5).value()), "12345");
  EXPECT_EQ(read_file(path, 4).error().code, ErrorCode::kInvalid);
  EXPECT_EQ(read_file(folder_ / "gone", 4).error().code, ErrorCode::kNotFound);
}

/// A size of 0 is what the system says of it.
TEST_F(File, IsReadWhoseSizeIsNotKnown) {
  ASSERT_EQ(std::filesystem::file_size("/proc/self/status"), 0U);
  EXPECT_TRUE(text_of(read_file("/proc/self/status", 65'536).value()).contains("\nThreads:"));
  EXPECT_EQ(read_file("/proc/self/status", 64).error().code, ErrorCode::kInvalid);
}

TEST_F(File, IsReplacedAsAWholeWithItsMode) {
  const auto path = make("old", 0644);
  ASSERT_TRUE(replace_file(path, bytes_of("new"), 0600).has_value());
  EXPECT_EQ(text_of(read_file(path, 10).value()), "new");
  struct stat status{};
  ASSERT_EQ(::stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
  EXPECT_FALSE(std::filesystem::exists(path.string() + ".new"));
}

TEST_F(File, IsNeverSeenWithANewContentAndTheOldOwner) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root gives files away";
  constexpr Owner kSomebody{.user = 1234, .group = 5678};
  const auto path = make("old", 0644);
  ASSERT_TRUE(replace_file(path, bytes_of("new"), 0640, kSomebody).has_value());
  struct stat status{};
  ASSERT_EQ(::stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_uid, kSomebody.user);
  EXPECT_EQ(status.st_gid, kSomebody.group);
  EXPECT_EQ(status.st_mode & 0777U, 0640U);
  // Who may not give it away changes nothing.
  const auto kept = make("kept", 0644);
  ASSERT_EQ(::chmod(folder_.path().c_str(), 0777), 0);
  const test::OtherUser nobody;
  EXPECT_FALSE(replace_file(kept, bytes_of("new"), 0640, kSomebody).has_value());
  EXPECT_EQ(text_of(read_file(kept, 10).value()), "kept");
}

TEST_F(File, KeepsItsContentWhenItCannotBeReplaced) {
  const auto path = make("old", 0644);
  std::filesystem::create_directory(path.string() + ".new");  // the temporary file cannot be made
  EXPECT_FALSE(replace_file(path, bytes_of("new"), 0600).has_value());
  EXPECT_EQ(text_of(read_file(path, 10).value()), "old");
}

TEST_F(File, GivesASecretWithoutItsLineEnd) {
  auto secret = read_secret_file(make("1234\r\nsecond line\n", 0400));
  ASSERT_TRUE(secret.has_value());
  EXPECT_EQ(text_of(secret->reveal()), "1234");
}

TEST_F(File, GivesNoSecretThatOthersMayRead) {
  for (const mode_t mode : {0440, 0404, 0644, 0420}) {
    const auto secret = read_secret_file(make("1234", mode));
    ASSERT_FALSE(secret.has_value()) << mode;
    EXPECT_EQ(secret.error().code, ErrorCode::kInvalid);
    EXPECT_EQ(secret.error().message.find("1234"), std::string::npos);
  }
}

TEST_F(File, GivesNoEmptySecret) { EXPECT_FALSE(read_secret_file(make("\n1234", 0400)).has_value()); }

}  // namespace
}  // namespace privyseal
