#include "provisioning/cli/destruction.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "hsm/destruction.h"
#include "provisioning/cli/program.h"
#include "tests/support/fake_appliance.h"

namespace privyseal::cli {
namespace {

using testing::HasSubstr;

class DestructionCommands : public testing::Test {
 protected:
  ExitStatus run(std::vector<std::string> words) {
    words.insert(words.end(), {"--run", appliance_.run().string()});
    const std::vector<std::string_view> views(words.begin(), words.end());
    out_.str("");
    err_.str("");
    return cli::run(views, appliance_.clock(), out_, err_);
  }
  void log(const std::string& action, const std::string& key, const std::string& why = "") {
    appliance_.append("keyd", {.actor = "privyseal-renewd",
                               .action = action,
                               .object = "key/" + key,
                               .outcome = "granted",
                               .why = why});
  }
  static JsonObject approval_of(const std::string& person) {
    return {{"person", person},
            {"response",
             JsonObject{{"clientDataJSON", "e30"}, {"authenticatorData", "AA"}, {"signature", "AA"}}}};
  }

  test::FakeAppliance appliance_;
  std::ostringstream out_;
  std::ostringstream err_;
};

TEST_F(DestructionCommands, LayARequestForARetiredKeyBeforeTheApprovers) {
  log("generate", "old", "cjsm-identity, p256");
  log("generate", "older", "lan-identity, p256");
  log("retire", "old");
  appliance_.sign_logs();
  appliance_.answer("admind", "destruction-ask", JsonObject{{"url", "https://c.example/destructions/1"}});
  ASSERT_EQ(run({"key", "destroy-request", "old"}), ExitStatus::kOk) << err_.str();
  EXPECT_THAT(out_.str(), HasSubstr("https://c.example/destructions/1"));
  const JsonObject asked = appliance_.requests("admind").back();
  EXPECT_EQ(json_text(asked, "role").value(), "cjsm-identity");
  EXPECT_THAT(json_text(asked, "retired_at").value(), HasSubstr("2026-03-10T"));
  const auto what = hsm::parse_destruction(json_text(asked, "text").value());
  ASSERT_TRUE(what);
  EXPECT_EQ(what->key, "old");
  EXPECT_EQ(what->host, "gateway.lawfirm.example");
  EXPECT_EQ(what->until, appliance_.clock().now() + std::chrono::hours(24));
}

TEST_F(DestructionCommands, AKeyThatWasNotRetiredIsNotAskedFor) {
  log("generate", "old", "cjsm-identity, p256");
  log("retire", "older");
  appliance_.sign_logs();
  EXPECT_EQ(run({"key", "destroy-request", "old"}), ExitStatus::kFailed);
  EXPECT_THAT(err_.str(), HasSubstr("no retired key of this name"));
  EXPECT_EQ(run({"key", "destroy-request", "audit"}), ExitStatus::kFailed);
  EXPECT_THAT(err_.str(), HasSubstr("in use"));
  EXPECT_EQ(run({"key", "destroy-request", "Old Key"}), ExitStatus::kWrongUsage);
  EXPECT_TRUE(appliance_.requests("admind").empty());
}

TEST_F(DestructionCommands, NothingGoesToKeydBeforeTwoHaveApproved) {
  for (const auto& [approvals, why] :
       {std::pair{JsonArray{}, "0 of 2 persons"}, {JsonArray{approval_of("alice")}, "1 of 2 persons"}}) {
    appliance_.answer("admind", "destruction", JsonObject{{"text", "t"}, {"approvals", approvals}});
    EXPECT_EQ(run({"key", "destroy", "old"}), ExitStatus::kFailed);
    EXPECT_THAT(err_.str(), HasSubstr(why));
  }
  EXPECT_EQ(appliance_.requests("admind").back(),
            parse_json_object(R"({"op":"destruction","key":"old"})").value());
}

TEST_F(DestructionCommands, TellTheConsoleHowItEnded) {
  appliance_.answer(
      "admind", "destruction",
      JsonObject{{"text", "t"}, {"approvals", JsonArray{approval_of("alice"), approval_of("bob")}}});
  appliance_.answer("admind", "destruction-end", JsonObject{});
  appliance_.stop("keyd");
  EXPECT_EQ(run({"key", "destroy", "old"}), ExitStatus::kNoAnswer);
  const JsonObject told = appliance_.requests("admind").back();
  EXPECT_EQ(json_text(told, "op").value(), "destruction-end");
  EXPECT_THAT(json_text(told, "outcome").value(), HasSubstr("keyd"));
}

TEST(KeyLifeTest, IsWhatWasGrantedForThisKey) {
  KeyLife life;
  for (const char* line :
       {R"({"action":"retire","object":"key/old","outcome":"denied","ts":"1"})",
        R"({"action":"retire","object":"key/older","outcome":"granted","ts":"2"})",
        R"({"action":"destroy","object":"key/old","outcome":"granted","ts":"3"})", "no json", "{}", ""})
    add_entry(life, "old", line);
  EXPECT_EQ(life.retired_at, "");
  EXPECT_EQ(life.role, "");
  add_entry(life, "old",
            R"({"action":"generate","object":"key/old","outcome":"granted","why":"lan-identity, p256"})");
  add_entry(life, "old", R"({"action":"retire","object":"key/old","outcome":"granted","ts":"4"})");
  EXPECT_EQ(life.role, "lan-identity");
  EXPECT_EQ(life.retired_at, "4");
}

}  // namespace
}  // namespace privyseal::cli
