// Token set-up, each time in a process of its own, as provisioning does it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "firmware/base/file.h"
#include "tests/support/process.h"
#include "tests/support/temp_folder.h"
#include "tests/support/token.h"

namespace privyseal::test {
namespace {

using testing::HasSubstr;

class InitToken : public testing::Test {
 protected:
  static constexpr uid_t kKeydUid = 961;

  int init(const std::string& label, const std::string& module = kSoftHsmModule) {
    const auto in_folder = [&](const char* file) { return (folder.path() / file).string(); };
    auto process = ChildProcess::start(
        {.program = PRIVYSEAL_PROVISION,
         .arguments = {"init-token", "--module=" + module, "--label=" + label, "--pin-file", in_folder("pin"),
                       "--so-pin-file", in_folder("so-pin"), "--softhsm-conf", in_folder("softhsm2.conf"),
                       "--token-folder", in_folder("tokens"), "--owner", "privyseal-keyd"},
         .environment = {},
         .output = folder.path() / "log"});
    return process.value().wait(std::chrono::seconds(60)).value();
  }
  [[nodiscard]] std::string read(const std::string& file) const {
    const auto content = read_file(folder.path() / file, 100'000);
    return content ? std::string(text_of(*content)) : "";
  }
  [[nodiscard]] struct stat status_of(const std::string& file) const {
    struct stat status{};
    EXPECT_EQ(::stat((folder.path() / file).c_str(), &status), 0) << file;
    return status;
  }

  const TempFolder folder;
};

TEST_F(InitToken, LeavesSecretPinsAndAHandedOverToken) {
  ASSERT_EQ(init("one"), 0) << read("log");
  for (const std::string file : {"pin", "so-pin"}) {
    EXPECT_THAT(read(file), testing::MatchesRegex("[a-z2-9]{32}"));
    EXPECT_EQ(status_of(file).st_mode & 07777U, 0400U);
  }
  EXPECT_NE(read("pin"), read("so-pin"));
  EXPECT_EQ(status_of("pin").st_uid, kKeydUid);
  EXPECT_EQ(status_of("so-pin").st_uid, ::geteuid()) << "keyd never needs it";
  EXPECT_EQ(status_of("tokens").st_mode & 07777U, 0700U);
  int files = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder.path() / "tokens")) {
    EXPECT_EQ(status_of(std::filesystem::relative(entry.path(), folder.path())).st_uid, kKeydUid)
        << entry.path();
    ++files;
  }
  EXPECT_GE(files, 2);
  EXPECT_THAT(read("softhsm2.conf"), HasSubstr((folder.path() / "tokens").string()));
}

TEST_F(InitToken, NeverTouchesATokenThatExists) {
  ASSERT_EQ(init("one"), 0) << read("log");
  const std::string pin = read("pin");
  EXPECT_EQ(init("one"), 1);
  EXPECT_THAT(read("log"), HasSubstr("there is a token labelled one already"));
  EXPECT_EQ(read("pin"), pin);
}

TEST_F(InitToken, NeverOverwritesAPin) {
  ASSERT_EQ(init("one"), 0) << read("log");
  const std::string pin = read("pin");
  EXPECT_EQ(init("two"), 1);
  EXPECT_THAT(read("log"), HasSubstr("so-pin: exists already"));
  EXPECT_EQ(read("pin"), pin);
  std::filesystem::remove(folder.path() / "so-pin");
  EXPECT_EQ(init("two"), 1);
  EXPECT_FALSE(std::filesystem::exists(folder.path() / "so-pin")) << "its own first PIN file is taken back";
  EXPECT_EQ(read("pin"), pin);
}

TEST_F(InitToken, RefusesLabelsThatDoNotFit) {
  EXPECT_EQ(init(std::string(33, 'x')), 1);
  EXPECT_FALSE(std::filesystem::exists(folder.path() / "pin"));
}

TEST_F(InitToken, RefusesWhatIsNoModule) {
  EXPECT_EQ(init("one", "/no/such/module.so"), 1);
  EXPECT_EQ(init("one", "/usr/lib/x86_64-linux-gnu/libm.so.6"), 1);
  EXPECT_THAT(read("log"), HasSubstr("has no C_GetFunctionList"));
  EXPECT_FALSE(std::filesystem::exists(folder.path() / "pin"));
}

}  // namespace
}  // namespace privyseal::test
