#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "firmware/base/sha256.h"
#include "web-admin/server/console_fixture.h"

namespace privyseal::web {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

constexpr std::string_view kHash = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

/// Behind the door stands a gateway that says what the test puts into `refusal_`, or does as it is told.
class RulePages : public OfficerTest {
 protected:
  static constexpr std::array kGrants{DoorGrant{"console", "policy-show"},
                                      DoorGrant{"console", "policy-part"}, DoorGrant{"console", "policy-set"},
                                      DoorGrant{"console", "policy-remove"}};

  Result<JsonObject> answer(const DoorRequest& request) {
    asked_.push_back(request.operation);
    if (request.operation == "policy-show") return in_use_;
    last_ = request.body;
    if (!refusal_.empty()) return fail(refused_as_, refusal_);
    return JsonObject{};
  }
  static JsonObject files(JsonArray files) { return {{"files", std::move(files)}}; }
  static JsonObject file(std::string_view name, std::string_view from) {
    return {{"name", name},  {"from", from}, {"since", "2026-11-20T08:00:00Z"},
            {"bytes", 3456}, {"rows", 12},   {"sha256", kHash}};
  }
  Response bring(const std::string& fields = "name=directory.csv&why=March%27s+export&sha256=" +
                                             std::string(kHash)) {
    get("/rules");
    return post("/rules", fields);
  }
  /// All that was asked but to be shown something.
  std::vector<std::string> changes_asked() const {
    std::vector<std::string> changes = asked_;
    std::erase(changes, "policy-show");
    return changes;
  }

  JsonObject in_use_ = files({});
  std::string refusal_;
  ErrorCode refused_as_ = ErrorCode::kInvalid;
  std::vector<std::string> asked_;
  JsonObject last_;
  std::unique_ptr<Door> door_ =
      stand_in_gateway(kGrants, [this](const DoorRequest& request) { return answer(request); });
};

TEST_F(RulePages, ShowEveryFileAndWhereItIsFrom) {
  JsonObject directory = file("directory.csv", "administrator");
  directory["hides_provisioning"] = true;
  directory["left_out"] = 2;
  JsonObject options = file("policy.toml", "provisioning");
  options.erase("rows");
  in_use_ = files({std::move(directory), std::move(options), file("assured.csv", "administrator")});
  in_use_["failure"] = "permissions.csv: line 3: <b>";
  const std::string page = get("/rules").body;
  for (const char* words :
       {"An officer, in place of provisioning&#39;s", "12 rows, and 2 without a sound address",
        "Provisioning", "3456 bytes", "20 November 2026 at 08:00 UTC", ">0123456789ab</code>",
        "There is none", "the CJSM directory, as CJSM exports it",
        "Newer files are not in use: permissions.csv: line 3: &lt;b&gt;."})
    EXPECT_THAT(page, HasSubstr(words));
  const std::string to_remove = page.substr(page.find("action=\"/rules/remove\""));
  EXPECT_THAT(to_remove, HasSubstr("value=\"directory.csv\""));
  EXPECT_THAT(to_remove, HasSubstr("value=\"assured.csv\""));
  EXPECT_THAT(to_remove, Not(HasSubstr("value=\"policy.toml\""))) << "it is provisioning's already";
}

TEST_F(RulePages, NothingBroughtIsNothingToGoBackFrom) {
  in_use_ = files({file("directory.csv", "provisioning")});
  EXPECT_THAT(get("/rules").body, Not(HasSubstr("/rules/remove")));
}

TEST_F(RulePages, APartIsHandedOnAndNotRecorded) {
  get("/rules");
  const JsonObject before = last_entry();
  EXPECT_EQ(to_text(post_json("/rules/part", {{"after", 49152}, {"content", "QUJD"}})), R"({"ok":true})");
  EXPECT_EQ(json_number(last_, "after").value(), 49152);
  EXPECT_EQ(shown(last_, "content"), "QUJD");
  EXPECT_EQ(shown(*json_object(last_, "actor"), "name"), "alice");
  EXPECT_EQ(last_entry(), before);
  refusal_ = "another file is being brought at the same time; begin again";
  refused_as_ = ErrorCode::kConflict;
  EXPECT_EQ(shown(post_json("/rules/part", {{"after", 0}, {"content", ""}}), "message"),
            "Nothing was changed: another file is being brought at the same time; begin again.");
  for (const JsonObject& bad : {JsonObject{}, JsonObject{{"after", "0"}, {"content", ""}},
                                JsonObject{{"after", 0}}, JsonObject{{"content", "QUJD"}}})
    EXPECT_EQ(shown(post_json("/rules/part", bad), "message"), "That part is not understood.");
  EXPECT_THAT(changes_asked(), ElementsAre("policy-part", "policy-part"));
}

TEST_F(RulePages, ABroughtFileIsUsedAndRecordedWithItsReason) {
  const Response done = bring();
  EXPECT_EQ(done.status, 303);
  EXPECT_THAT(done.headers, testing::Contains(std::pair("Location", "/rules?brought=directory.csv")));
  EXPECT_EQ(shown(last_, "sha256"), kHash);
  EXPECT_EQ(shown(last_, "why"), "March's export");
  const JsonObject entry = last_entry();
  EXPECT_EQ(shown(entry, "action"), "policy-set");
  EXPECT_EQ(shown(entry, "object"), "policy/directory.csv");
  EXPECT_EQ(shown(entry, "outcome"), "ok");
  EXPECT_EQ(shown(entry, "why"), "March's export");
  EXPECT_EQ(shown(entry, "params_hash").size(), 64U);
  EXPECT_THAT(get("/rules?brought=directory.csv").body,
              HasSubstr("directory.csv: the file that you brought is in use."));
  EXPECT_THAT(get("/rules?brought=elsewhere").body, Not(HasSubstr("elsewhere")));
}

TEST_F(RulePages, ARefusalIsShownInFullAndEscaped) {
  refusal_ = "directory.csv: line 4001: 'O'Hara & <script>' is no address; " + std::string(300, 'x');
  const Response refused = bring();
  EXPECT_EQ(refused.status, 422);
  EXPECT_THAT(refused.body, HasSubstr("Nothing was changed"));
  EXPECT_THAT(refused.body, HasSubstr("line 4001: &#39;O&#39;Hara &amp; &lt;script&gt;&#39; is no address; " +
                                      std::string(300, 'x')));
  EXPECT_THAT(refused.body, HasSubstr("value=\"March&#39;s export\""))
      << "the reason need not be typed again";
  EXPECT_THAT(refused.body, HasSubstr("value=\"directory.csv\" selected=\"\""));
  EXPECT_EQ(shown(last_entry(), "outcome"), "invalid");
  EXPECT_THAT(shown(last_entry(), "why"), HasSubstr("line 4001"));
}

TEST_F(RulePages, AGatewayThatCannotWriteOrIsLateIsNotSaidToHaveRefused) {
  refusal_ = "policy/spool: No space left on device";
  refused_as_ = ErrorCode::kUnavailable;
  Response response = bring();
  EXPECT_EQ(response.status, 503);
  EXPECT_THAT(response.body, HasSubstr("This was not done"));
  EXPECT_THAT(response.body, HasSubstr("No space left on device"));
  refused_as_ = ErrorCode::kTimeout;
  response = bring();
  EXPECT_EQ(response.status, 503);
  EXPECT_THAT(response.body, HasSubstr("It is not known yet whether this was done"));
  EXPECT_EQ(shown(last_entry(), "outcome"), "timeout");
}

TEST_F(RulePages, WhatIsMissingIsSaidBeforeTheGatewayIsAsked) {
  const std::string sha256 = "&sha256=" + std::string(kHash);
  for (const auto& [fields, why] : std::vector<std::pair<std::string, std::string>>{
           {"name=line.json&why=x" + sha256, "Choose which file it is."},
           {"why=x" + sha256, "Choose which file it is."},
           {"name=..%2Fledger.db&why=x" + sha256, "Choose which file it is."},
           {"name=directory.csv&why=+" + sha256, "Give a reason."},
           {"name=directory.csv&why=x&sha256=", "allow JavaScript"}}) {
    const Response refused = bring(fields);
    EXPECT_EQ(refused.status, 422) << fields;
    EXPECT_THAT(refused.body, HasSubstr(why)) << fields;
  }
  EXPECT_EQ(post("/rules/remove", "name=directory.csv&why=").status, 422);
  EXPECT_EQ(post("/rules/remove", "name=spool&why=x").status, 422);
  EXPECT_THAT(changes_asked(), ElementsAre());
}

TEST_F(RulePages, GoingBackSaysWhatIsInUseThen) {
  in_use_ = files({file("directory.csv", "administrator")});
  get("/rules");
  EXPECT_EQ(post("/rules/remove", "name=directory.csv&why=it+was+April%27s").status, 303);
  EXPECT_EQ(shown(last_, "name"), "directory.csv");
  EXPECT_EQ(shown(last_entry(), "action"), "policy-remove");
  EXPECT_EQ(shown(last_entry(), "why"), "it was April's");
  in_use_ = files({});
  EXPECT_THAT(get("/rules?removed=directory.csv").body, HasSubstr("there is none in use now"));
  in_use_ = files({file("directory.csv", "provisioning")});
  EXPECT_THAT(get("/rules?removed=directory.csv").body, HasSubstr("file is in use again"));
}

TEST_F(RulePages, OnlyAnOfficerChangesThem) {
  in_use_ = files({file("directory.csv", "administrator")});
  for (const char* role : {"operator", "auditor"}) {
    become(role);
    const std::string page = get("/rules").body;
    EXPECT_THAT(page, HasSubstr("Files in use")) << role;
    EXPECT_THAT(page, Not(HasSubstr("Bring a newer file"))) << role;
    EXPECT_THAT(page, Not(HasSubstr("/rules/remove"))) << role;
    for (const char* path : {"/rules", "/rules/part", "/rules/remove"}) {
      EXPECT_EQ(post(path, "name=directory.csv&why=x").status, 403) << role << path;
      expect_refusal_recorded("role-lacking", "Your role does not include this");
    }
    sign_in(officer_);
  }
  EXPECT_THAT(changes_asked(), ElementsAre());
}

}  // namespace
}  // namespace privyseal::web
