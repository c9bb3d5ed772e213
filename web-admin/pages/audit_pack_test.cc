#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "web-admin/pages/appliance_fixture.h"

namespace privyseal::web {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr const char* kDays = "from=2026-03-10&to=2026-03-11";

class AuditPackPages : public ApplianceTest {
 protected:
  Response order(const std::string& fields = kDays) {
    get("/audit-pack");
    return post("/audit-pack", fields);
  }
  std::string ended() { return page_once_without("/audit-pack", "is being made"); }
  std::string made() {
    EXPECT_EQ(order().status, 303);
    return ended();
  }
  static std::string hash_in(const std::string& page) { return hash_behind("/audit-pack/", page); }
};

TEST_F(AuditPackPages, WhatIsDownloadedVerifiesWithPythonAndOpensslAlone) {
  const std::string page = made();
  for (const char* words :
       {"2026-03-10 until before 2026-03-11", "for alice", "Content hash", "kept for an hour"})
    EXPECT_THAT(page, HasSubstr(words));
  const Response file = get("/audit-pack/" + hash_in(page));
  ASSERT_EQ(file.status, 200);
  ASSERT_TRUE(file.long_body);
  EXPECT_THAT(file.headers, testing::Contains(std::pair(
                                "Content-Disposition",
                                "attachment; filename=\"privyseal-pack-2026-03-10-2026-03-11.tar\"")));
  unpack(file);
  const auto verify = [&] { return verify_unpacked("pack"); };
  EXPECT_EQ(verify(), 0) << said();
  EXPECT_THAT(said(), HasSubstr("7 mails, each in the log"));
  EXPECT_THAT(said(), HasSubstr("content   " + hash_in(page)));
  std::ofstream(folder_.path() / "pack/accounts.json", std::ios::app) << " ";
  EXPECT_NE(verify(), 0);
}

TEST_F(AuditPackPages, WhoMadeItAndWhoTookItIsRecorded) {
  become("auditor");
  const std::string hash = hash_in(made());
  work_at_desk();
  EXPECT_EQ(shown(last_entry(), "action"), "audit-pack-make");
  EXPECT_EQ(shown(last_entry(), "object"), "pack/2026-03-10/2026-03-11");
  EXPECT_EQ(shown(last_entry(), "actor"), "auditor");
  EXPECT_EQ(shown(last_entry(), "outcome"), "ok");
  EXPECT_EQ(shown(last_entry(), "why"), "content hash " + hash);
  EXPECT_EQ(get("/audit-pack/" + hash).status, 200);
  EXPECT_EQ(shown(last_entry(), "action"), "audit-pack-download");
  EXPECT_EQ(shown(last_entry(), "actor"), "auditor");
  EXPECT_EQ(shown(last_entry(), "why"), "content hash " + hash);
  const auto asked = appliance_.requests("gatewayd");
  ASSERT_NE(json_object(asked.back(), "actor"), nullptr);
  EXPECT_EQ(shown(*json_object(asked.back(), "actor"), "name"), "auditor");
}

TEST_F(AuditPackPages, ItHoldsTheConsolesOwnAccountsAndNoSecretOfThem) {
  const std::string archive = whole(get("/audit-pack/" + hash_in(made())));
  EXPECT_THAT(archive, HasSubstr(R"("name":"alice","email":"alice@box.example")"));
  EXPECT_THAT(archive, Not(HasSubstr(cookies_.begin()->second)));
}

TEST_F(AuditPackPages, WhatWasDeclaredInTheConsoleIsDueNoLonger) {
  const std::string due = "The organisation has not declared this yet. <code>declaration:premises</code>";
  EXPECT_THAT(whole(get("/audit-pack/" + hash_in(made()))), HasSubstr(due));
  get("/declarations/premises");
  EXPECT_EQ(
      post("/declarations/premises", "by=A.+Smith%2C+partner&review=2027-03-01&text=Locked+doors.").status,
      303);
  const std::string archive = whole(get("/audit-pack/" + hash_in(made())));
  EXPECT_THAT(archive, Not(HasSubstr(due)));
  EXPECT_THAT(archive, HasSubstr("14. Premises and visitors: <span class=\"status\">declared</span>"));
  EXPECT_THAT(archive, HasSubstr("Declared on 2026-11-22 by A. Smith, partner; to be reviewed by 2027-03-01. "
                                 "Locked doors. <code>declaration:premises</code>"));
}

TEST_F(AuditPackPages, AClaimOfAValidatedTokenIsInItWhereItCounts) {
  const auto says = [&](bool is_claimed, const char* token) {
    settings_.validated_token = is_claimed;
    appliance_.name_token(token);
    const std::string archive = whole(get("/audit-pack/" + hash_in(made())));
    EXPECT_NE(archive.contains("\"token\":\"claimed to be validated\""),
              archive.contains("\"token\":\"test token, not validated\""));
    return archive.contains("\"token\":\"claimed to be validated\"");
  };
  EXPECT_TRUE(says(true, "Example Corp., M"));
  EXPECT_FALSE(says(true, "SoftHSM project, SoftHSM v2"));
  EXPECT_FALSE(says(false, "Example Corp., M"));
}

TEST_F(AuditPackPages, DaysThatAreNoneAreRefusedBeforeAnythingIsAsked) {
  for (const char* fields :
       {"", "from=2026-03-10", "from=2026-03-10&to=2026-03-10", "from=2026-03-11&to=2026-03-10",
        "from=x&to=2026-03-10", "from=2026-02-30&to=2026-03-10"}) {
    const Response refused = order(fields);
    EXPECT_EQ(refused.status, 422) << fields;
    EXPECT_THAT(refused.body, HasSubstr("No pack is made")) << fields;
  }
  EXPECT_TRUE(appliance_.requests("gatewayd").empty());
  EXPECT_NE(shown(last_entry(), "action"), "audit-pack-make");
}

TEST_F(AuditPackPages, WithoutTheGatewayThereIsNoneAndItIsSaidAndRecorded) {
  appliance_.stop("gatewayd");
  EXPECT_THAT(made(), HasSubstr("The last pack was not made"));
  work_at_desk();
  EXPECT_EQ(shown(last_entry(), "action"), "audit-pack-make");
  EXPECT_NE(shown(last_entry(), "outcome"), "ok");
}

TEST_F(AuditPackPages, WhatIsMissingAndWhatIsNotSoundIsSaid) {
  appliance_.stop("renewd");
  (*appliance_.mails().at(2).at("row").if_object())["sender"] = "<i>mallory";
  const std::string page = made();
  EXPECT_THAT(page, HasSubstr("Without the log of renewd"));
  EXPECT_THAT(page, HasSubstr("mail 3: differs from entry"));
}

TEST_F(AuditPackPages, OneIsMadeAtATimeAndTheLastIsKept) {
  appliance_.add_mail("late@lawfirm.example");  // its signature is waited for
  EXPECT_EQ(order().status, 303);
  const Response second = order();
  EXPECT_EQ(second.status, 503);
  EXPECT_THAT(second.body, HasSubstr("one is being made already"));
  const std::string first = hash_in(ended());
  EXPECT_THAT(get("/audit-pack").body, HasSubstr("Without 1 mail"));
  EXPECT_EQ(order("from=2026-01-01&to=2026-01-02").status, 303);
  EXPECT_EQ(get("/audit-pack/" + first).status, 404);
  EXPECT_NE(hash_in(ended()), first);
}

TEST_F(AuditPackPages, AStopEndsWhatIsBeingMade) {
  appliance_.add_mail("late@lawfirm.example");
  EXPECT_EQ(order().status, 303);
  packer_.stop();
  EXPECT_EQ(order().status, 503);
  work_at_desk();
  EXPECT_EQ(shown(last_entry(), "action"), "audit-pack-make");
  EXPECT_EQ(shown(last_entry(), "outcome"), "unavailable");
}

TEST_F(AuditPackPages, NothingOfItHasAName) {
  const auto before = names_kept();
  EXPECT_THAT(made(), HasSubstr("Download the pack"));
  EXPECT_EQ(names_kept(), before);
}

}  // namespace
}  // namespace privyseal::web
