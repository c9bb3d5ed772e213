#include "provisioning/cli/approvers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "firmware/base/file.h"
#include "provisioning/cli/program.h"
#include "tests/support/fake_appliance.h"

namespace privyseal::cli {
namespace {

using testing::HasSubstr;

const std::string kAlice = "alice eddsa 11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n";  // RFC 8032
const std::string kBob = "bob eddsa PUAXw+hDiVqStwqnTRt+vJyYLM8uxJaMwM1V8Sr0Zgw=\n";

class ApproverCommands : public testing::Test {
 protected:
  ExitStatus show() {
    const std::string run = appliance_.run().string();
    const std::array<std::string_view, 7> words{"key", "approvers", "show",        "--run",
                                                run,   "--file",    file_.native()};
    out_.str("");
    err_.str("");
    return cli::run(words, appliance_.clock(), out_, err_);
  }
  ExitStatus show(const std::string& list) {
    EXPECT_TRUE(replace_file(file_, bytes_of(list), 0644));
    return show();
  }

  test::FakeAppliance appliance_;
  const std::filesystem::path file_ = appliance_.run() / "approvers";
  std::ostringstream out_;
  std::ostringstream err_;
};

TEST_F(ApproverCommands, ShowWhoMayApprove) {
  EXPECT_EQ(show(kAlice + kBob), ExitStatus::kOk) << err_.str();
  EXPECT_THAT(out_.str(), testing::ContainsRegex("alice +[0-9a-f]{16}\nbob +[0-9a-f]{16}\n"));
}

TEST_F(ApproverCommands, SayThatNobodyMayWhereNobodyIsNamed) {
  EXPECT_EQ(show(), ExitStatus::kOk);
  EXPECT_THAT(out_.str(), HasSubstr("Nobody may approve"));
  EXPECT_EQ(show(""), ExitStatus::kOk);
  EXPECT_THAT(out_.str(), HasSubstr("Nobody may approve"));
}

TEST_F(ApproverCommands, ShowNoListThatKeydDoesNotObey) {
  const std::string no_point = "carol es256 " + std::string(86, 'A') + "==\n";
  for (const auto& [list, why] : {std::pair<std::string, std::string>{kAlice, "two different persons"},
                                  {kAlice + kBob + no_point, "carol is no point of its curve"}}) {
    EXPECT_EQ(show(list), ExitStatus::kFailed);
    EXPECT_THAT(err_.str(), HasSubstr(why));
  }
}

}  // namespace
}  // namespace privyseal::cli
