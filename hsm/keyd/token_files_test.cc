#include "hsm/keyd/token_files.h"

#include <gtest/gtest.h>

#include "firmware/base/file.h"
#include "tests/support/temp_folder.h"

namespace privyseal::keyd {
namespace {

namespace fs = std::filesystem;

class TokenFiles : public testing::Test {
 protected:
  void write(const fs::path& file, std::string_view text) {
    ASSERT_TRUE(replace_file(file, bytes_of(text), 0600));
  }
  [[nodiscard]] static std::string read(const fs::path& file) {
    return std::string(text_of(read_file(file, 1000).value()));
  }

  const test::TempFolder folder;
  const fs::path conf = folder.path() / "softhsm2.conf";
  const fs::path tokens = folder.path() / "tokens";
  const fs::path object = tokens / "one" / "token.object";
  const fs::path copies = folder.path() / "state";

  void SetUp() override {
    fs::create_directories(tokens / "one");
    fs::create_directories(copies);
  }
};

TEST_F(TokenFiles, AreWhereTheConfigurationSays) {
  write(conf,
        "# directories.tokendir = /wrong\nlog.level = ERROR\n\n  directories.tokendir\t=  /a b/tokens \r\nx "
        "= y");
  EXPECT_EQ(softhsm_token_folder(conf), "/a b/tokens");
}

TEST_F(TokenFiles, AreNowhereWhenItSaysNothing) {
  EXPECT_EQ(softhsm_token_folder(conf).error().code, ErrorCode::kNotFound);
  for (const auto* text :
       {"", "\n\n", "directories.tokendir", "tokendir = /x\n", "x.directories.tokendir = /x\n"}) {
    write(conf, text);
    EXPECT_EQ(softhsm_token_folder(conf).error().code, ErrorCode::kInvalid) << text;
  }
}

TEST_F(TokenFiles, AreRestoredWhenTheyBecameShorter) {
  write(object, "the token's whole content");
  ASSERT_TRUE(guard_token_objects(tokens, copies));
  fs::resize_file(object, 0);
  ASSERT_TRUE(guard_token_objects(tokens, copies));
  EXPECT_EQ(read(object), "the token's whole content");
  fs::resize_file(object, 5);
  ASSERT_TRUE(guard_token_objects(tokens, copies));
  EXPECT_EQ(read(object), "the token's whole content");
  fs::remove(object);
  ASSERT_TRUE(guard_token_objects(tokens, copies));
  EXPECT_EQ(read(object), "the token's whole content");
}

TEST_F(TokenFiles, KeepTheirChanges) {
  write(object, "content one");
  ASSERT_TRUE(guard_token_objects(tokens, copies));
  write(object, "content two");
  ASSERT_TRUE(guard_token_objects(tokens, copies));
  EXPECT_EQ(read(object), "content two");
  fs::resize_file(object, 0);
  ASSERT_TRUE(guard_token_objects(tokens, copies));
  EXPECT_EQ(read(object), "content two");
}

TEST_F(TokenFiles, AreSyncedAsFarAsTheyAreThere) {
  write(object, "x");
  EXPECT_TRUE(sync_tree(tokens));
  EXPECT_FALSE(sync_tree(folder.path() / "missing"));
}

}  // namespace
}  // namespace privyseal::keyd
