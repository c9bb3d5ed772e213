#include "firmware/base/active_identity.h"

#include <gtest/gtest.h>

#include <fstream>

#include "tests/support/temp_folder.h"

namespace privyseal {
namespace {

class ActiveIdentityFolder : public testing::Test {
 protected:
  void make(const std::string& generation, const std::string& uri) {
    std::filesystem::create_directory(folder_ / generation);
    std::ofstream(folder_ / generation / "key.uri", std::ios::binary) << uri;
  }
  void activate(const std::string& generation) {
    std::filesystem::create_symlink(generation, folder_ / "next");
    std::filesystem::rename(folder_ / "next", folder_ / "active");
  }
  Result<ActiveIdentity> read() { return read_active_identity(folder_ / ""); }

  test::TempFolder folder_;
};

TEST_F(ActiveIdentityFolder, GivesTheActiveGeneration) {
  make("1", "keyd:cjsm-1\n");
  make("2", "keyd:cjsm-2");
  activate("1");
  EXPECT_EQ(read().value().key_uri, "keyd:cjsm-1");
  activate("2");
  const auto identity = read().value();
  EXPECT_EQ(identity.key_uri, "keyd:cjsm-2");
  EXPECT_EQ(identity.chain, folder_ / "2/chain.pem");
}

TEST_F(ActiveIdentityFolder, SaysThatNothingIsActive) {
  make("1", "keyd:cjsm-1\n");
  EXPECT_EQ(read().error().code, ErrorCode::kNotFound);
  activate("7");
  EXPECT_EQ(read().error().code, ErrorCode::kNotFound);
}

TEST_F(ActiveIdentityFolder, RefusesAUriThatIsNone) {
  make("1", "");
  activate("1");
  for (const std::string uri : {"", "\n", "keyd:a\nkeyd:b\n", "keyd: a", "keyd:\x01"}) {
    make("1", uri);
    EXPECT_EQ(read().error().code, ErrorCode::kInvalid) << uri;
  }
  make("1", std::string(300, 'x'));
  EXPECT_EQ(read().error().code, ErrorCode::kInvalid);
}

}  // namespace
}  // namespace privyseal
