/// Pages that show and change what the gateway keeps: senders that a cap has stopped, the line's end, holds,
/// the directory.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "web-admin/server/console_fixture.h"

namespace privyseal::web {
namespace {

using testing::HasSubstr;
using testing::Not;

class GatewayPages : public OfficerTest {
 protected:
  static constexpr std::array kGrants{
      DoorGrant{"console", "status"},      DoorGrant{"console", "rate-release"},
      DoorGrant{"console", "hold-list"},   DoorGrant{"console", "hold-add"},
      DoorGrant{"console", "hold-end"},    DoorGrant{"console", "directory-search"},
      DoorGrant{"console", "line-switch"}, DoorGrant{"console", "mail-track"},
      DoorGrant{"console", "metrics"}};

  Result<JsonObject> answer(const DoorRequest& request) {
    asked_ = request.body;
    if (!refusal_.empty() && request.operation != "status" && request.operation != "hold-list")
      return fail(ErrorCode::kInvalid, refusal_);
    if (request.operation == "status") return JsonObject{{"scanner", "none"}, {"policy", policy_}};
    if (request.operation == "hold-list") return JsonObject{{"holds", holds_}};
    if (request.operation == "directory-search") return JsonObject{{"entries", people_}};
    if (request.operation == "mail-track") return JsonObject{{"mail", mail_}};
    if (request.operation == "metrics") return JsonObject{{"text", "privyseal_x 1\n"}};
    changed_ = request.body;
    return JsonObject{};
  }
  static JsonObject hold(int id, std::string_view key, std::string_view ended_at) {
    JsonObject hold{{"id", id},
                    {"key", key},
                    {"from", "2026-03-01"},
                    {"to", ""},
                    {"placed_at", "2026-11-01T00:00:00Z"},
                    {"placed_by", "olivia"},
                    {"why", "case <7>"}};
    if (!ended_at.empty()) {
      hold["ended_at"] = ended_at;
      hold["ended_by"] = "otto";
      hold["ended_why"] = "closed";
    }
    return hold;
  }

  /// The entry of the console's log that stands before the last one.
  JsonObject entry_before() {
    const auto size = json_number(ask_own_log(services_, "audit-checkpoint", {}).value(), "size").value();
    const auto entries = ask_own_log(services_, "audit-entries", {{"after", size - 2}}).value();
    return parse_json_object(json_texts(entries, "entries").value().at(0)).value();
  }

  JsonObject policy_{{"line", "active"}, {"terms", "v10.2"}};
  JsonArray holds_;
  JsonArray people_;
  JsonObject mail_;
  std::string refusal_;
  JsonObject asked_;
  JsonObject changed_;
  std::unique_ptr<Door> door_ =
      stand_in_gateway(kGrants, [this](const DoorRequest& request) { return answer(request); });
};

TEST_F(GatewayPages, ASenderThatACapHasStoppedIsReleasedWithAReason) {
  EXPECT_THAT(get("/line").body, Not(HasSubstr("send again")));
  policy_["stopped"] = JsonArray{JsonObject{{"key", "sender/<a>@law.example"}, {"count", 500}}};
  EXPECT_THAT(get("/line").body, HasSubstr("value=\"sender/&lt;a&gt;@law.example\""));
  EXPECT_EQ(post("/line/release", "key=sender%2Fa%40law.example&why=").status, 422);
  EXPECT_EQ(post("/line/release", "key=&why=x").status, 422);
  EXPECT_TRUE(changed_.empty());
  EXPECT_EQ(post("/line/release", "key=sender%2Fa%40law.example&why=a+circular").status, 303);
  EXPECT_EQ(shown(changed_, "key"), "sender/a@law.example");
  EXPECT_EQ(shown(changed_, "why"), "a circular");
  EXPECT_EQ(shown(*json_object(changed_, "actor"), "name"), "alice");
  EXPECT_EQ(shown(last_entry(), "action"), "rate-release");
  EXPECT_EQ(shown(last_entry(), "object"), "rate/sender/a@law.example");
  EXPECT_EQ(shown(last_entry(), "why"), "a circular");
  EXPECT_THAT(get("/line?done=released").body, HasSubstr("It may send again."));
  refusal_ = "rate: nothing was counted for it";
  const Response refused = post("/line/release", "key=x&why=y");
  EXPECT_EQ(refused.status, 422);
  EXPECT_THAT(refused.body, HasSubstr(refusal_));
}

TEST_F(GatewayPages, AnOperatorReleasesASenderAndPlacesNoHold) {
  policy_["stopped"] = JsonArray{JsonObject{{"key", "sender/a@law.example"}, {"count", 500}}};
  become("operator");
  EXPECT_THAT(get("/line").body, HasSubstr("Let it send again"));
  EXPECT_THAT(get("/holds").body, Not(HasSubstr("Put on hold")));
  EXPECT_EQ(post("/line/release", "key=sender%2Fa%40law.example&why=x").status, 303);
  EXPECT_EQ(post("/holds", "text=a%40law.example&why=x").status, 403);
}

TEST_F(GatewayPages, AnAuditorSeesWhoIsStoppedAndReleasesNobody) {
  policy_["stopped"] = JsonArray{JsonObject{{"key", "sender/a@law.example"}, {"count", 500}}};
  become("auditor");
  const std::string page = get("/line").body;
  EXPECT_THAT(page, HasSubstr("sender/a@law.example"));
  EXPECT_THAT(page, Not(HasSubstr("Let it send again")));
}

TEST_F(GatewayPages, AnOfficerEndsTheLineForGoodWithAReasonAndTheAppliancesName) {
  EXPECT_THAT(get("/line").body, HasSubstr("href=\"/line/end\""));
  const std::string page = get("/line/end").body;
  for (const char* words : {"cannot be taken back", "every mail is refused in both directions", "clause 27",
                            "Type box.example here.", "action=\"/line/end\""})
    EXPECT_THAT(page, HasSubstr(words));
  for (const char* fields :
       {"", "why=the+end", "why=&name=box.example", "why=x&name=box", "why=x&name=Box.example"})
    EXPECT_EQ(post("/line/end", fields).status, 422) << fields;
  EXPECT_TRUE(changed_.empty());
  EXPECT_NE(shown(last_entry(), "action"), "line-switch");
  EXPECT_THAT(post("/line/end", "why=the+end&name=box").body, HasSubstr("value=\"the end\""));

  const Response ended = post("/line/end", "why=the+end&name=box.example");
  EXPECT_EQ(ended.status, 303);
  EXPECT_EQ(shown(changed_, "line"), "terminated");
  EXPECT_EQ(shown(changed_, "why"), "the end");
  EXPECT_EQ(shown(*json_object(changed_, "actor"), "name"), "alice");
  for (const auto& [entry, outcome] : {std::pair{entry_before(), "begun"}, {last_entry(), "ok"}}) {
    EXPECT_EQ(shown(entry, "action"), "line-switch");
    EXPECT_EQ(shown(entry, "object"), "line/terminated");
    EXPECT_EQ(shown(entry, "why"), "the end");
    EXPECT_EQ(shown(entry, "outcome"), outcome);
  }
}

TEST_F(GatewayPages, ALineThatHasEndedIsNotEndedAgain) {
  policy_["line"] = "terminated";
  EXPECT_THAT(get("/line?done=terminated").body, HasSubstr("The connection to CJSM is ended."));
  EXPECT_THAT(get("/line").body, Not(HasSubstr("/line/end")));
  const std::string page = get("/line/end").body;
  EXPECT_THAT(page, HasSubstr("The connection has ended."));
  EXPECT_THAT(page, Not(HasSubstr("action=\"/line/end\"")));
  refusal_ = "line: it was terminated";
  const Response refused = post("/line/end", "why=x&name=box.example");
  EXPECT_EQ(refused.status, 422);
  EXPECT_THAT(refused.body, HasSubstr(refusal_));
}

TEST_F(GatewayPages, WithoutTheGatewayNobodySaysWhetherTheLineHasEnded) {
  get("/line/end");
  door_.reset();
  const Response away = post("/line/end", "why=x&name=box.example");
  EXPECT_EQ(away.status, 503);
  EXPECT_THAT(away.body, HasSubstr("It is not known whether the line has ended"));
  EXPECT_THAT(away.body, Not(HasSubstr("Nothing was changed")));
  EXPECT_NE(shown(last_entry(), "outcome"), "ok");
}

TEST_F(GatewayPages, NobodyButAnOfficerEndsTheLine) {
  for (const char* role : {"operator", "auditor"}) {
    become(role);
    EXPECT_THAT(get("/line").body, Not(HasSubstr("/line/end"))) << role;
    EXPECT_EQ(get("/line/end").status, 403) << role;
    EXPECT_EQ(post("/line/end", "why=x&name=box.example").status, 403) << role;
    sign_in(officer_);
    get("/");
  }
  EXPECT_TRUE(changed_.empty());
}

TEST_F(GatewayPages, HoldsAreShownPlacedAndEnded) {
  EXPECT_THAT(get("/holds").body, HasSubstr("Nothing is on hold"));
  EXPECT_THAT(get("/holds").body, Not(HasSubstr("End a hold")));
  holds_ = {hold(2, "@york.cjsm.net", ""), hold(1, "", "2026-11-20T00:00:00Z")};
  const std::string page = get("/holds").body;
  for (const char* words : {"@york.cjsm.net", "from 2026-03-01 on", "case &lt;7&gt;", "everybody&#39;s",
                            "Ended on 20 November 2026 at 00:00 UTC by otto: closed", "value=\"2\""})
    EXPECT_THAT(page, HasSubstr(words));
  EXPECT_THAT(page, Not(HasSubstr("value=\"1\"")));  // it has ended

  EXPECT_EQ(post("/holds", "text=a%40law.example&from=2026-03-01&to=&why=").status, 422);
  EXPECT_TRUE(changed_.empty());
  EXPECT_EQ(post("/holds", "text=a%40law.example&from=2026-03-01&to=&why=case+8").status, 303);
  EXPECT_EQ(shown(changed_, "text"), "a@law.example");
  EXPECT_EQ(shown(changed_, "from"), "2026-03-01");
  EXPECT_FALSE(changed_.contains("to"));
  EXPECT_EQ(shown(last_entry(), "action"), "hold-add");
  EXPECT_EQ(shown(last_entry(), "object"), "hold/a@law.example");

  for (const char* odd : {"id=&why=x", "id=x&why=x", "id=-2&why=x", "id=0&why=x", "id=2&why="})
    EXPECT_EQ(post("/holds/end", odd).status, 422) << odd;
  EXPECT_EQ(shown(last_entry(), "action"), "hold-add");
  EXPECT_EQ(post("/holds/end", "id=2&why=closed").status, 303);
  EXPECT_EQ(count_of(changed_, "id"), 2);
  EXPECT_EQ(shown(last_entry(), "action"), "hold-end");

  refusal_ = "hold: an address, a domain, or a time must be given";
  EXPECT_THAT(post("/holds", "why=x").body, HasSubstr(refusal_));
}

TEST_F(GatewayPages, TheFiguresAreTextForWhoeverIsSignedIn) {
  EXPECT_THAT(get("/").body, HasSubstr("href=\"/metrics\""));
  become("auditor");
  const Response figures = get("/metrics");
  EXPECT_EQ(figures.status, 200);
  EXPECT_THAT(figures.headers, testing::Contains(std::pair("Content-Type", "text/plain; version=0.0.4")));
  for (const char* line : {"privyseal_up{daemon=\"gatewayd\"} 1\n", "privyseal_up{daemon=\"renewd\"} 0\n",
                           "privyseal_up{daemon=\"keyd\"} 0\n", "privyseal_x 1\n"})
    EXPECT_THAT(figures.body, HasSubstr(line));
  post("/sign-out");
  EXPECT_EQ(get("/metrics").status, 303);
}

TEST_F(GatewayPages, TheDirectoryIsSearched) {
  EXPECT_THAT(get("/directory").body, Not(HasSubstr("Nobody matches")));
  EXPECT_TRUE(asked_.empty());
  EXPECT_THAT(get("/directory?text=bob").body, HasSubstr("Nobody matches"));
  EXPECT_EQ(shown(asked_, "text"), "bob");
  people_ = {JsonObject{{"name", "Bob <B>"}, {"organisation", "York"}, {"address", "bob@york.cjsm.net"}}};
  const std::string page = get("/directory?text=bob").body;
  for (const char* words : {"Bob &lt;B&gt;", "York", "bob@york.cjsm.net"})
    EXPECT_THAT(page, HasSubstr(words));
}

TEST_F(GatewayPages, Clause17AMessageThatCameInClearSaysSo) {
  const auto tls = [](const char* version) {
    return JsonObject{{"version", version}, {"group", "x25519"}, {"suite", "TLS_AES_128_GCM_SHA256"}};
  };
  mail_ = {{"id", 7}, {"hop_tls", tls("TLSv1.3")}, {"client_tls", {{"version", "none"}}}};
  const std::string clear = get("/mail/7").body;
  EXPECT_EQ(shown(asked_, "id"), "7");
  const auto onward = clear.find("The connection onward");
  const auto came_by = clear.find("The connection it came by");
  ASSERT_LT(onward, came_by);
  ASSERT_NE(came_by, std::string::npos);
  const char* words = "none: it came in clear, as an exception allows";
  EXPECT_THAT(clear.substr(came_by), HasSubstr(words));
  EXPECT_THAT(clear.substr(0, came_by), Not(HasSubstr(words)));
  mail_["client_tls"] = tls("TLSv1.2");
  const std::string safe = get("/mail/7").body;
  EXPECT_THAT(safe, HasSubstr("TLSv1.2, x25519, TLS_AES_128_GCM_SHA256"));
  EXPECT_THAT(safe, Not(HasSubstr(words)));
}

}  // namespace
}  // namespace privyseal::web
