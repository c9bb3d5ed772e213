#include "provisioning/box/kept_bundle.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "tests/support/temp_folder.h"

namespace privyseal::provisioning {
namespace {

class KeptBundleTest : public testing::Test {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "only root gives files away";
    std::ofstream(bundle_) << "signed";
  }
  [[nodiscard]] struct stat facts() const {
    struct stat found{};
    EXPECT_EQ(::lstat(kept_.c_str(), &found), 0);
    return found;
  }
  void expect_kept() const {
    EXPECT_EQ(text_of(read_file(kept_, 100).value()), "signed");
    EXPECT_EQ(facts().st_uid, 0U);
    EXPECT_EQ(facts().st_gid, kReaders.group);
    EXPECT_EQ(facts().st_mode & 07777U, 0640U);
  }

  static constexpr Owner kReaders{.user = 0, .group = 4321};
  test::TempFolder folder_;
  const std::filesystem::path bundle_ = folder_ / "verified";
  const std::filesystem::path kept_ = folder_ / "bundle";
};

TEST_F(KeptBundleTest, IsReadByTheVerifiersGroup) {
  ASSERT_TRUE(keep_bundle(bundle_, kept_, kReaders));
  expect_kept();
}

TEST_F(KeptBundleTest, FollowsTheFileThatCounts) {
  std::ofstream(kept_) << "an earlier one";
  ASSERT_TRUE(keep_bundle(bundle_, kept_, kReaders));
  expect_kept();
}

TEST_F(KeptBundleTest, IsNotWrittenAgainAtEachBoot) {
  ASSERT_TRUE(keep_bundle(bundle_, kept_, kReaders));
  const auto first = facts().st_ino;
  ASSERT_TRUE(keep_bundle(bundle_, kept_, kReaders));
  EXPECT_EQ(facts().st_ino, first);
}

/// What a power cut left between writing it and giving it to the group.
TEST_F(KeptBundleTest, IsMendedWhereTheVerifierMayNotReadIt) {
  ASSERT_TRUE(keep_bundle(bundle_, kept_, kReaders));
  ASSERT_EQ(::chown(kept_.c_str(), 0, 0), 0);
  ASSERT_TRUE(keep_bundle(bundle_, kept_, kReaders));
  expect_kept();
  ASSERT_EQ(::chmod(kept_.c_str(), 0600), 0);
  ASSERT_TRUE(keep_bundle(bundle_, kept_, kReaders));
  expect_kept();
}

TEST_F(KeptBundleTest, StaysWhenThereIsNothingToKeep) {
  ASSERT_TRUE(keep_bundle(bundle_, kept_, kReaders));
  EXPECT_FALSE(keep_bundle(folder_ / "none", kept_, kReaders));
  expect_kept();
}

}  // namespace
}  // namespace privyseal::provisioning
