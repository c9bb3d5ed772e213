#include "provisioning/cli/approvers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <sstream>

#include "firmware/base/file.h"
#include "provisioning/cli/program.h"
#include "tests/support/fake_appliance.h"
#include "tests/support/other_user.h"

namespace privyseal::cli {
namespace {

using testing::HasSubstr;

const std::string kAlice = "alice eddsa 11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n";  // RFC 8032
const std::string kBob = "bob eddsa PUAXw+hDiVqStwqnTRt+vJyYLM8uxJaMwM1V8Sr0Zgw=\n";

class ApproverCommands : public testing::Test {
 protected:
  ExitStatus run(std::vector<std::string> words) {
    words.insert(words.end(), {"--run", appliance_.run().string(), "--kept", kept_.string()});
    const std::vector<std::string_view> views(words.begin(), words.end());
    out_.str("");
    err_.str("");
    return cli::run(views, appliance_.clock(), out_, err_);
  }
  ExitStatus set(const std::string& list) {
    EXPECT_TRUE(replace_file(list_, bytes_of(list), 0600));
    return run({"key", "approvers", "set", list_.string()});
  }
  [[nodiscard]] std::string kept() const {
    const auto content = read_file(kept_, 4096);
    return content ? std::string(text_of(*content)) : "";
  }

  test::FakeAppliance appliance_;
  const std::filesystem::path list_ = appliance_.run() / "list";
  const std::filesystem::path kept_ = appliance_.run() / "state/approvers";
  std::ostringstream out_;
  std::ostringstream err_;
};

TEST_F(ApproverCommands, KeepTheListForKeydAndRecordIt) {
  appliance_.answer("admind", "approvers-set", JsonObject{});
  EXPECT_EQ(run({"key", "approvers", "show"}), ExitStatus::kOk);
  EXPECT_THAT(out_.str(), HasSubstr("Nobody may approve"));
  ASSERT_EQ(set(kAlice + kBob), ExitStatus::kOk) << err_.str();
  EXPECT_EQ(kept(), kAlice + kBob);
  struct stat status{};
  ASSERT_EQ(::stat(kept_.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0644U) << "keyd and the console read it, and root alone writes it";
  EXPECT_THAT(out_.str(), HasSubstr("once it is started anew"));
  const auto recorded = appliance_.requests("admind");
  ASSERT_EQ(recorded.size(), 2U);
  EXPECT_EQ(json_texts(recorded[0], "persons").value(), (std::vector<std::string>{"alice", "bob"}));
  EXPECT_EQ(json_text(recorded[0], "outcome").value(), "");
  EXPECT_EQ(json_text(recorded[1], "outcome").value(), "ok");
  EXPECT_EQ(run({"key", "approvers", "show"}), ExitStatus::kOk);
  EXPECT_THAT(out_.str(), testing::ContainsRegex("alice +[0-9a-f]{16}\nbob +[0-9a-f]{16}\n"));
}

TEST_F(ApproverCommands, ARefusedListChangesNothing) {
  appliance_.answer("admind", "approvers-set", JsonObject{});
  ASSERT_EQ(set(kAlice + kBob), ExitStatus::kOk) << err_.str();
  const std::string es256 = "carol es256 " + std::string(86, 'A') + "==\n";
  for (const auto& [list, why] : {std::pair<std::string, std::string>{"", "two different persons"},
                                  {kAlice, "two different persons"},
                                  {kAlice + "alice" + kBob.substr(3), "two different persons"},
                                  {kAlice + "bob" + kAlice.substr(5), "the same passkey as alice"},
                                  {kAlice + "bob\n", "line 2 must be as"},
                                  {kAlice + kBob + es256, "carol is no point of its curve"}}) {
    EXPECT_EQ(set(list), ExitStatus::kFailed);
    EXPECT_THAT(err_.str(), HasSubstr(why));
    EXPECT_EQ(kept(), kAlice + kBob);
  }
  EXPECT_EQ(appliance_.requests("admind").size(), 2U);
}

TEST_F(ApproverCommands, WhatCannotBeRecordedIsNotDone) {
  appliance_.stop("admind");
  EXPECT_EQ(set(kAlice + kBob), ExitStatus::kNoAnswer);
  EXPECT_THAT(err_.str(), HasSubstr("nothing was changed: admind"));
  EXPECT_EQ(kept(), "");
}

TEST_F(ApproverCommands, AFailureIsRecordedToo) {
  appliance_.answer("admind", "approvers-set", JsonObject{});
  std::filesystem::create_directories(kept_ / "in-the-way");
  EXPECT_NE(set(kAlice + kBob), ExitStatus::kOk);
  ASSERT_EQ(appliance_.requests("admind").size(), 2U);
  EXPECT_THAT(json_text(appliance_.requests("admind")[1], "outcome").value(), HasSubstr("approvers"));
}

TEST_F(ApproverCommands, OnlyRootNamesThem) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root";
  EXPECT_TRUE(replace_file(list_, bytes_of(kAlice + kBob), 0644));
  const test::OtherUser nobody;
  EXPECT_EQ(run({"key", "approvers", "set", list_.string()}), ExitStatus::kDenied);
  EXPECT_THAT(err_.str(), HasSubstr("only root"));
}

TEST_F(ApproverCommands, AListThatWasSpoiltIsNotShownAsOne) {
  std::filesystem::create_directory(kept_.parent_path());
  EXPECT_TRUE(replace_file(kept_, bytes_of(kAlice), 0644));
  EXPECT_EQ(run({"key", "approvers", "show"}), ExitStatus::kFailed);
  EXPECT_THAT(err_.str(), HasSubstr("two different persons"));
}

}  // namespace
}  // namespace privyseal::cli
