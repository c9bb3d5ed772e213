#include "ca/identity_folder.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "firmware/base/file.h"
#include "tests/support/temp_folder.h"

namespace privyseal::ca {
namespace {

class IdentityFolderTest : public testing::Test {
 protected:
  std::string text(const std::string& file) {
    const auto content = read_file(root_ / "identities/cjsm" / file, 1000);
    return content ? std::string(text_of(*content)) : content.error().message;
  }
  test::TempFolder root_;
  IdentityFolder folder_{root_ / "identities/cjsm"};
};

TEST_F(IdentityFolderTest, HasNoActiveOneAtFirst) { EXPECT_EQ(folder_.active().value(), std::nullopt); }

TEST_F(IdentityFolderTest, TheLinkLeadsToChainAndKeyOfTheActiveOne) {
  ASSERT_TRUE(folder_.write(1, "old\n", "keyd:cjsm-1"));
  ASSERT_TRUE(folder_.write(2, "new\n", "keyd:cjsm-2"));
  ASSERT_TRUE(folder_.activate(1));
  EXPECT_EQ(text("active/chain.pem"), "old\n");
  ASSERT_TRUE(folder_.activate(2));
  EXPECT_EQ(text("active/chain.pem"), "new\n");
  EXPECT_EQ(text("active/key.uri"), "keyd:cjsm-2\n");
  EXPECT_EQ(folder_.active().value(), 2);
  EXPECT_EQ(folder_.chain_of(2), root_ / "identities/cjsm/2/chain.pem");
}

TEST_F(IdentityFolderTest, OtherDaemonsMayReadAllOfIt) {
  const auto old_mask = ::umask(0077);
  ASSERT_TRUE(folder_.write(1, "old\n", "keyd:cjsm-1"));
  ::umask(old_mask);
  struct stat status{};
  ASSERT_EQ(::stat((root_ / "identities/cjsm/1").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0755U);
  ASSERT_EQ(::stat((root_ / "identities/cjsm/1/chain.pem").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0644U);
}

TEST_F(IdentityFolderTest, StartsAgainFromWhatAKillLeft) {
  ASSERT_TRUE(folder_.write(1, "half", "keyd:other"));
  std::filesystem::create_symlink("9", root_ / "identities/cjsm/active.new");
  ASSERT_TRUE(folder_.write(1, "whole\n", "keyd:cjsm-1"));
  ASSERT_TRUE(folder_.activate(1));
  EXPECT_EQ(text("active/chain.pem"), "whole\n");
  EXPECT_EQ(folder_.active().value(), 1);
}

TEST_F(IdentityFolderTest, AnActiveThatIsNoLinkOfOursIsAnError) {
  std::filesystem::create_directories(root_ / "identities/cjsm/active");
  EXPECT_EQ(folder_.active().error().code, ErrorCode::kInvalid);
  std::filesystem::remove(root_ / "identities/cjsm/active");
  std::filesystem::create_symlink("/etc", root_ / "identities/cjsm/active");
  EXPECT_EQ(folder_.active().error().code, ErrorCode::kInvalid);
}

}  // namespace
}  // namespace privyseal::ca
