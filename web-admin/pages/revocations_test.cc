#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "web-admin/server/console_fixture.h"

namespace privyseal::web {
namespace {

using testing::HasSubstr;
using testing::Not;

class RevocationPages : public OfficerTest {
 protected:
  static constexpr std::array kGrants{DoorGrant{"console", "status"},
                                      DoorGrant{"console", "revocations-take"}};

  Result<JsonObject> answer(const DoorRequest& request) {
    if (request.operation == "status") return JsonObject{{"revocations", lists_}};
    taken_ = request.body;
    if (!refusal_.empty()) return fail(refused_as_, refusal_);
    return JsonObject{{"revocations", lists_}};
  }
  static JsonObject list(std::string_view issuer, std::string_view next_update) {
    return {{"issuer", issuer},
            {"this_update", "2026-11-01T00:00:00Z"},
            {"next_update", next_update},
            {"revoked", 3}};
  }
  Response take(const std::string& fields) {
    get("/revocations");
    return post("/revocations", fields);
  }

  JsonArray lists_;
  std::string refusal_;
  ErrorCode refused_as_ = ErrorCode::kDenied;
  JsonObject taken_;
  std::unique_ptr<Door> door_ =
      stand_in_gateway(kGrants, [this](const DoorRequest& request) { return answer(request); });
};

TEST_F(RevocationPages, ShowWhichListsAreInUseAndWhichIsOutOfDate) {
  EXPECT_THAT(get("/revocations").body, HasSubstr("No list is in use"));
  lists_ = {list("CN=Egress <CA>", "2026-11-22T00:00:01Z")};  // a second from now
  std::string page = get("/revocations").body;
  for (const char* words : {"CN=Egress &lt;CA&gt;", "1 November 2026 at 00:00 UTC", "22 November 2026"})
    EXPECT_THAT(page, HasSubstr(words));
  EXPECT_THAT(page, Not(HasSubstr("Out of date")));
  lists_ = {list("CN=Egress CA", "2026-11-22T00:00:00Z")};
  EXPECT_THAT(get("/revocations").body, HasSubstr("govuk-tag--yellow\">Out of date"));
}

TEST_F(RevocationPages, AListIsTakenWithItsReasonAndRecorded) {
  EXPECT_EQ(take("pem=-----BEGIN%0D%0AX%0D%0A-----END&why=November%27s").status, 303);
  EXPECT_EQ(shown(taken_, "pem"), "-----BEGIN\nX\n-----END");
  EXPECT_EQ(shown(taken_, "why"), "November's");
  EXPECT_EQ(shown(*json_object(taken_, "actor"), "name"), "alice");
  EXPECT_EQ(shown(last_entry(), "action"), "revocations-take");
  EXPECT_EQ(shown(last_entry(), "object"), "side/cjsm");
  EXPECT_EQ(shown(last_entry(), "outcome"), "ok");
  EXPECT_EQ(shown(last_entry(), "why"), "November's");
  EXPECT_THAT(get("/revocations?done=taken").body, HasSubstr("The list is in use"));
}

TEST_F(RevocationPages, ARefusalIsShownInTheGatewaysWords) {
  refusal_ = "list of revoked certificates: no CA that is trusted towards CJSM has signed it";
  Response refused = take("pem=x&why=y");
  EXPECT_EQ(refused.status, 422);
  EXPECT_THAT(refused.body, HasSubstr(refusal_));
  refused_as_ = ErrorCode::kUnavailable;
  refused = take("pem=x&why=y");
  EXPECT_EQ(refused.status, 503);
  EXPECT_THAT(refused.body, HasSubstr("not known whether the list is in use"));
}

TEST_F(RevocationPages, WhatIsMissingOrTooLongIsSaidBeforeTheGatewayIsAsked) {
  for (const auto& [fields, why] : std::vector<std::pair<std::string, std::string>>{
           {"pem=x&why=", "Give a reason."},
           {"pem=&why=x", "Choose the file, or paste the list."},
           {"why=x&pem=" + std::string(91UL * 1024, 'A'), "longer than 64 KiB"}}) {
    const Response refused = take(fields);
    EXPECT_EQ(refused.status, 422);
    EXPECT_THAT(refused.body, HasSubstr(why));
  }
  EXPECT_TRUE(taken_.empty());
}

/// The longest list in PEM fits through a real door, with a reason and the actor.
TEST_F(RevocationPages, AListOf64KiBFits) {
  EXPECT_EQ(take("why=x&pem=" + std::string(90UL * 1024, 'A')).status, 303);
  EXPECT_EQ(shown(taken_, "pem").size(), 90U * 1024);
}

TEST_F(RevocationPages, AnAuditorSeesNoFormAndAnOperatorDoes) {
  for (const auto& [role, form] :
       std::vector<std::pair<std::string, bool>>{{"auditor", false}, {"operator", true}}) {
    become(role);
    EXPECT_EQ(get("/revocations").body.contains("Bring a newer list"), form) << role;
    EXPECT_EQ(post("/revocations", "pem=x&why=y").status, form ? 303 : 403) << role;
    sign_in(officer_);
  }
}

}  // namespace
}  // namespace privyseal::web
