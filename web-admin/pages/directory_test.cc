#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "web-admin/server/console_fixture.h"

namespace privyseal::web {
namespace {

using testing::HasSubstr;

/// gatewayd gives its directory in three parts.
class DirectoryPages : public OfficerTest {
 protected:
  static constexpr std::array kGrants{DoorGrant{"console", "directory-export"}};

  Result<JsonObject> answer(const DoorRequest& request) {
    asked_.push_back(request.body);
    if (!refusal_.empty()) return fail(ErrorCode::kInvalid, refusal_);
    const auto after = json_number(request.body, "after", 0, 0, 2).value();
    if (after > 0) entries_ += new_entries_;
    return JsonObject{{"text", shown(request.body, "format") + " part " + std::to_string(after) + "\r\n"},
                      {"next", after + 1},
                      {"entries", entries_}};
  }
  static std::string whole(const Response& response) {
    std::string body;
    for (;;) {
      const auto piece = response.long_body->next();
      if (!piece || piece->empty()) break;
      body += *piece;
    }
    EXPECT_EQ(body.size(), response.long_body->size_bytes);
    return body;
  }

  int entries_ = 3;
  int new_entries_ = 0;
  std::string refusal_;
  std::vector<JsonObject> asked_;
  std::unique_ptr<Door> door_ =
      stand_in_gateway(kGrants, [this](const DoorRequest& request) { return answer(request); });
};

TEST_F(DirectoryPages, AnAuditorTakesItOutAsCsvOrLdifAndItIsRecordedBeforeAndAfter) {
  become("auditor");
  const std::string page = get("/directory").body;
  const std::string csv = "csv part 0\r\ncsv part 1\r\ncsv part 2\r\n";
  for (const std::string format : {"ldif", "csv"}) {
    EXPECT_THAT(page, HasSubstr("href=\"/directory/" + format + "\""));
    const Response file = get("/directory/" + format);
    ASSERT_EQ(file.status, 200);
    EXPECT_THAT(file.headers,
                testing::Contains(std::pair("Content-Disposition",
                                            "attachment; filename=\"cjsm-directory." + format + "\"")));
    ASSERT_TRUE(file.long_body);
    EXPECT_THAT(whole(file), HasSubstr(format + " part 2\r\n"));
  }
  EXPECT_EQ(whole(get("/directory/csv")), csv);
  ASSERT_NE(json_object(asked_.back(), "actor"), nullptr);
  EXPECT_EQ(shown(*json_object(asked_.back(), "actor"), "name"), "auditor");
  EXPECT_EQ(shown(last_entry(), "action"), "directory-export");
  EXPECT_EQ(shown(last_entry(), "object"), "directory/csv");
  EXPECT_EQ(shown(last_entry(), "actor"), "auditor");
  EXPECT_EQ(shown(last_entry(), "outcome"), "ok");
  EXPECT_EQ(shown(last_entry(), "why"), "36 bytes, SHA-256 " + to_hex(sha256(bytes_of(csv))));
  const auto size = json_number(ask_own_log(services_, "audit-checkpoint", {}).value(), "size").value();
  const auto before = ask_own_log(services_, "audit-entries", {{"after", size - 2}}).value();
  const JsonObject begun = parse_json_object(json_texts(before, "entries").value().at(0)).value();
  EXPECT_EQ(shown(begun, "action"), "directory-export");
  EXPECT_EQ(shown(begun, "outcome"), "begun");
}

TEST_F(DirectoryPages, AStrangerGetsNothingOfIt) {
  get("/");
  post("/sign-out");
  const Response page = get("/directory/csv");
  EXPECT_EQ(page.status, 303);
  EXPECT_FALSE(page.long_body);
  EXPECT_TRUE(asked_.empty());
}

TEST_F(DirectoryPages, AnotherFormatIsNoPageAndIsNotAsked) {
  for (const char* path : {"/directory/xml", "/directory/CSV", "/directory/csv.", "/directory/cs"})
    EXPECT_EQ(get(path).status, 404) << path;
  EXPECT_TRUE(asked_.empty());
  EXPECT_NE(shown(last_entry(), "action"), "directory-export");
}

TEST_F(DirectoryPages, WhatTheGatewayRefusesIsSaidAndRecorded) {
  refusal_ = "the <b>reason";
  const Response page = get("/directory/csv");
  EXPECT_EQ(page.status, 503);
  EXPECT_THAT(page.body, HasSubstr("the &lt;b&gt;reason"));
  EXPECT_EQ(shown(last_entry(), "action"), "directory-export");
  EXPECT_EQ(shown(last_entry(), "outcome"), "invalid");
}

TEST_F(DirectoryPages, ADirectoryThatChangesMeanwhileIsNotTakenOut) {
  new_entries_ = 1;
  const Response page = get("/directory/csv");
  EXPECT_EQ(page.status, 503);
  EXPECT_FALSE(page.long_body);
  EXPECT_THAT(page.body, HasSubstr("the directory has changed meanwhile"));
}

TEST_F(DirectoryPages, WithoutTheGatewayThereIsNoneAndTheDetailIsNotShown) {
  door_.reset();
  const Response page = get("/directory/ldif");
  EXPECT_EQ(page.status, 503);
  EXPECT_THAT(page.body, HasSubstr(std::string(kGatewayIsAway)));
  EXPECT_EQ(shown(last_entry(), "outcome"), "unavailable");
}

}  // namespace
}  // namespace privyseal::web
